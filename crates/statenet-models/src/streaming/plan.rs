//! A model laid out for single frames: weights in the order in which they are read, the state as numbers in a row.

use candle_core::{DType, Device, Tensor};
use statenet_kernels::{Step, steps::Sequential};

use crate::{
    build::response_model::ResponseModel,
    error::{During, Error, Result},
    model::state::State,
};

/// The steps of a model, and how their numbers of state stand for the tensors of a [`State`].
///
/// Weights are copied when the plan is made; a later change of the model's parameters does not show.
pub(super) struct Plan {
    chain: Sequential,
    entries: Vec<Entry>,
    dtype: DType,
    device: Device,
}

/// One tensor of the model's state.
struct Entry {
    name: String,
    /// Of one stream.
    shape: Vec<usize>,
}

impl Entry {
    fn n(&self) -> usize {
        self.shape.iter().product()
    }

    fn batched(&self, batch: usize) -> Vec<usize> {
        [&[batch], &self.shape[..]].concat()
    }
}

impl Plan {
    /// Lays out a model; `None` for a model without single-frame steps.
    ///
    /// # Errors
    /// [`Error::NoRealTime`] if the steps have other inputs, rates or state than the model.
    pub(super) fn new(model: &dyn ResponseModel) -> Result<Option<Self>> {
        let Some(links) = model.steps()? else { return Ok(None) };
        let chain = Sequential::new(links)?;
        let entry = |(name, tensor): (&str, &Tensor)| Entry {
            name: name.to_owned(),
            shape: tensor.dims().iter().skip(1).copied().collect(),
        };
        let entries: Vec<Entry> = model.init_state(1)?.iter().map(entry).collect();
        let n_state: usize = entries.iter().map(Entry::n).sum();
        let sizes = (chain.n_inputs(), chain.n_outputs(), chain.n_state());
        let expected = (model.n_bands(), model.n_neurons(), n_state);
        if sizes != expected {
            let reason = format!("its steps have {sizes:?} inputs, rates, state, not {expected:?}");
            return Err(Error::NoRealTime { model: model.config().slug(), reason });
        }
        Ok(Some(Self { chain, entries, dtype: model.dtype(), device: model.device().clone() }))
    }

    pub(super) fn n_bands(&self) -> usize {
        self.chain.n_inputs()
    }

    pub(super) fn n_neurons(&self) -> usize {
        self.chain.n_outputs()
    }

    /// Numbers of state of one stream.
    pub(super) fn n_state(&self) -> usize {
        self.chain.n_state()
    }

    /// A frame (F) to the rates (N) of its bin, moving the numbers of one stream's state on.
    pub(super) fn step(&mut self, frame: &[f32], numbers: &mut [f32], rates: &mut [f32]) -> Result<()> {
        Ok(self.chain.step(frame, numbers, rates)?)
    }

    /// The numbers of a state of `batch` streams, stream by stream.
    ///
    /// # Errors
    /// [`Error::State`] for a state of another model or of another number of streams.
    pub(super) fn numbers(&self, state: &State, batch: usize) -> Result<Vec<f32>> {
        let mut numbers = vec![0.0; batch * self.n_state()];
        let mut start = 0;
        for entry in &self.entries {
            let tensor = state.get(&entry.name, &entry.batched(batch))?;
            let values = tensor.to_dtype(DType::F32).and_then(|t| t.flatten_all()?.to_vec1::<f32>());
            let values = values.during("reading a state")?;
            let streams = numbers.chunks_exact_mut(self.n_state().max(1));
            for (stream, values) in streams.zip(values.chunks_exact(entry.n().max(1))) {
                stream[start..][..values.len()].copy_from_slice(values);
            }
            start += entry.n();
        }
        Ok(numbers)
    }

    /// The state of which these are the numbers, as the model has it for `batch` streams.
    pub(super) fn state(&self, numbers: &[f32], batch: usize) -> Result<State> {
        let mut state = State::new();
        let mut start = 0;
        for entry in &self.entries {
            let streams = numbers.chunks_exact(self.n_state().max(1));
            let values: Vec<f32> =
                streams.flat_map(|stream| &stream[start..][..entry.n()]).copied().collect();
            let tensor = Tensor::from_vec(values, entry.batched(batch), &Device::Cpu)
                .and_then(|t| t.to_dtype(self.dtype)?.to_device(&self.device));
            state.set(&entry.name, &tensor.during("copying a state")?);
            start += entry.n();
        }
        Ok(state)
    }
}
