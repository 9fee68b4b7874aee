//! One backward pass for many rows of a batch: each row its own sound, its own state to go on from, its own target.

use candle_core::{DType, Tensor, Var};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use statenet_models::{ResponseModel, State};

use crate::{
    error::{During, Error, Result},
    target::Objective,
};

/// Bins of all rows of a pass: enough to share the weights, few enough to stay in the cache.
const PASS_BINS: usize = 2048;
/// Rows of a pass at least.
const PASS_ROWS: usize = 8;

/// Rows of one pass over `n_bins` bins.
pub(crate) fn rows_of_pass(n_bins: usize) -> usize {
    (PASS_BINS / n_bins.max(1)).max(PASS_ROWS)
}

/// A model to be differentiated with respect to sounds: a frozen copy, or the model itself where it has none.
pub(crate) struct Still<'a> {
    model: &'a dyn ResponseModel,
    frozen: Option<Box<dyn ResponseModel>>,
}

impl<'a> Still<'a> {
    pub(crate) fn new(model: &'a dyn ResponseModel) -> Result<Self> {
        Ok(Self { model, frozen: model.frozen()? })
    }

    pub(crate) fn model(&self) -> &dyn ResponseModel {
        self.frozen.as_deref().unwrap_or(self.model)
    }
}

/// What rows answer to their frames.
pub(crate) struct Rows<'a> {
    pub(crate) model: &'a dyn ResponseModel,
    /// R streams that go on.
    pub(crate) state: State,
    /// How many of the last bins are read.
    pub(crate) n_read: usize,
    pub(crate) objective: &'a Objective,
    /// The weights of the bins that are read, (R, n_read) or (1, n_read).
    pub(crate) when: &'a Tensor,
}

/// Values and gradients of rows.
pub(crate) struct Gradients {
    /// (R).
    pub(crate) values: Vec<f64>,
    /// (R, F, L), oldest frame first.
    pub(crate) gradients: Vec<f64>,
}

impl Rows<'_> {
    /// The value of each row (R), with its graph, from frames (R, 1, F, L).
    ///
    /// Bins before those that are read reach the result through the state alone, so that nothing is carried back
    /// through their rates.
    pub(crate) fn values(self, frames: &Tensor) -> Result<Tensor> {
        let n_bins = frames.dim(3).during("reading frames")?;
        let before = n_bins.saturating_sub(self.n_read);
        let mut state = self.state.keeping_graph();
        let part = |start: usize, n: usize| frames.narrow(3, start, n).during("cutting frames");
        if before > 0 {
            self.model.chunk(&part(0, before)?, &mut state)?;
        }
        let rates = self.model.chunk(&part(before, n_bins - before)?, &mut state)?;
        self.objective.values(&rates, &state, self.when)
    }

    /// Values and gradients with respect to frames (R, 1, F, L).
    pub(crate) fn gradients(self, frames: &Tensor) -> Result<Gradients> {
        let model = self.model;
        let sound = frames.copy().and_then(|f| Var::from_tensor(&f)).during("making frames a variable")?;
        let values = self.values(sound.as_tensor())?;
        let grads = values.sum_all().and_then(|v| v.backward()).during("backward")?;
        let grad = grads.get(sound.as_tensor()).ok_or_else(|| no_gradient(model))?;
        Ok(Gradients { values: numbers(&values)?, gradients: numbers(grad)? })
    }
}

pub(crate) fn no_gradient(model: &dyn ResponseModel) -> Error {
    Error::NoGradient { model: model.config().slug() }
}

/// Works on every item in the pool that the caller runs in; results are in the order of the items.
pub(crate) fn in_parallel<I: Send, O: Send>(
    items: Vec<I>,
    work: impl Fn(I) -> Result<O> + Send + Sync,
) -> Result<Vec<O>> {
    items.into_par_iter().map(work).collect()
}

/// A sound in the precision of a model and on its device.
pub(crate) fn of_model(model: &dyn ResponseModel, sound: &Tensor) -> Result<Tensor> {
    sound
        .to_dtype(model.dtype())
        .and_then(|s| s.to_device(model.device())?.contiguous())
        .map(|s| s.detach())
        .during("converting a sound")
}

/// Rows of a batch, in order, with repetitions.
pub(crate) fn select(batch: &Tensor, rows: &[u32]) -> Result<Tensor> {
    Tensor::from_slice(rows, rows.len(), batch.device())
        .and_then(|rows| batch.index_select(&rows, 0))
        .during("selecting rows")
}

/// The numbers of a tensor in order.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor
        .to_dtype(DType::F64)
        .and_then(|t| t.flatten_all())
        .and_then(|t| t.to_vec1())
        .during("reading numbers")
}
