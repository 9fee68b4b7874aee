//! A model frame by frame on slices, without the heap: for closed loops and for microphones.

use candle_core::{DType, Device, Tensor};
use statenet_kernels::{Step, steps::Chain};

use crate::{
    build::response_model::ResponseModel,
    error::{During, Error, Result},
    model::state::State,
};

/// A fitted model and the state of one stream, ready for frames.
///
/// Weights are copied into the order in which they are read; a later change of the model's parameters does not show. A
/// frame allocates nothing, takes no lock and always costs the same. Numbers are f32 and equal those of
/// [`ResponseModel::step`] to 1e-5.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{RealTime, zoo};
///
/// let axes = Axes::new(34, 2, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let mut live = RealTime::new(&*model)?;
/// let (frame, mut rates) = ([0.0; 34], [0.0; 2]);
/// live.frame(&frame, &mut rates)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RealTime {
    chain: Chain,
    numbers: Vec<f32>,
    initial: Vec<f32>,
    entries: Vec<Entry>,
    dtype: DType,
    device: Device,
}

/// One tensor of the model's state, for one stream.
struct Entry {
    name: String,
    shape: Vec<usize>,
}

impl Entry {
    fn n(&self) -> usize {
        self.shape.iter().product()
    }
}

impl RealTime {
    /// A model in its initial state.
    ///
    /// # Errors
    /// [`Error::NoRealTime`] for a model without a single-frame form: [`ResponseModel::steps`] gives `None`, or steps
    /// whose state is not the model's.
    pub fn new(model: &dyn ResponseModel) -> Result<Self> {
        let refused = |reason: String| Error::NoRealTime { model: model.config().slug(), reason };
        let links = model.steps()?.ok_or_else(|| refused("it has no steps".to_owned()))?;
        let chain = Chain::new(links)?;
        let state = model.init_state(1)?;
        let entry =
            |(name, tensor): (&str, &Tensor)| Entry { name: name.to_owned(), shape: tensor.dims().to_vec() };
        let entries: Vec<Entry> = state.iter().map(entry).collect();
        let n: usize = entries.iter().map(Entry::n).sum();
        let sizes = (chain.n_inputs(), chain.n_outputs(), chain.n_state());
        let expected = (model.n_bands(), model.n_neurons(), n);
        if sizes != expected {
            return Err(refused(format!("its steps have {sizes:?} inputs, rates, state, not {expected:?}")));
        }
        let (dtype, device) = (model.dtype(), model.device().clone());
        let mut live = Self { chain, numbers: vec![0.0; n], initial: Vec::new(), entries, dtype, device };
        live.set_state(&state)?;
        live.initial = live.numbers.clone();
        Ok(live)
    }

    /// The rates (N) of the bin that a frame (F) ends.
    ///
    /// # Errors
    /// [`Error::Kernel`] for a slice of another length; nothing has changed then.
    pub fn frame(&mut self, frame: &[f32], rates: &mut [f32]) -> Result<()> {
        Ok(self.chain.step(frame, &mut self.numbers, rates)?)
    }

    /// Back to the state before the first frame.
    pub fn reset(&mut self) {
        self.numbers.copy_from_slice(&self.initial);
    }

    /// A copy of the state, as the model itself would have it for one stream.
    ///
    /// # Errors
    /// [`Error::Tensor`] if it cannot be allocated.
    pub fn state(&self) -> Result<State> {
        let mut state = State::new();
        let mut rest = &self.numbers[..];
        for entry in &self.entries {
            let (values, later) = rest.split_at(entry.n());
            rest = later;
            let tensor = Tensor::from_slice(values, &entry.shape[..], &Device::Cpu)
                .and_then(|t| t.to_dtype(self.dtype)?.to_device(&self.device));
            state.set(&entry.name, &tensor.during("copying a state")?);
        }
        Ok(state)
    }

    /// Goes on from a state of the model for one stream.
    ///
    /// # Errors
    /// [`Error::State`] for a state of another model or of several streams; nothing has changed then.
    pub fn set_state(&mut self, state: &State) -> Result<()> {
        let mut numbers = Vec::with_capacity(self.numbers.len());
        for entry in &self.entries {
            let tensor = state.get(&entry.name, &entry.shape)?;
            let values = tensor.to_dtype(DType::F32).and_then(|t| t.flatten_all()?.to_vec1::<f32>());
            numbers.extend(values.during("reading a state")?);
        }
        self.numbers = numbers;
        Ok(())
    }
}
