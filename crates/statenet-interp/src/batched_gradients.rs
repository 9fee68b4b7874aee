//! Streams that go on from a state, as rows of a batch, and gradients through them: one forward pass for all, one backward
//! pass for each thing asked of it.

use candle_core::{DType, Tensor, Var, WithDType, backprop::GradStore};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use statenet_models::{ResponseModel, State};

use crate::error::{During, Error, Result};

/// Bins of all rows of a pass: enough to share the weights, few enough to stay in the cache.
const PASS_BINS: usize = 1600;
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

/// What streams answer to their last frames, with its graph.
pub(crate) struct Heard {
    /// (R, N, bins read).
    pub(crate) rates: Tensor,
    /// After the last frame.
    pub(crate) state: State,
}

/// Goes on from a state of R streams with frames (R, 1, F, L), of which the rates of the last `n_read` are kept.
///
/// Bins before those reach the result through the state alone, so that nothing is carried back through their rates.
pub(crate) fn hear(model: &dyn ResponseModel, state: State, frames: &Tensor, n_read: usize) -> Result<Heard> {
    let n_bins = frames.dim(3).during("reading frames")?;
    let before = n_bins.saturating_sub(n_read);
    let mut state = state.keeping_graph();
    if before > 0 {
        model.advance(&cut(frames, 0, before)?, &mut state)?;
    }
    let rates = model.chunk(&cut(frames, before, n_bins - before)?, &mut state)?;
    Ok(Heard { rates, state })
}

/// Some bins of frames.
pub(crate) fn cut(frames: &Tensor, start: usize, n: usize) -> Result<Tensor> {
    frames.narrow(3, start, n).during("cutting frames")
}

/// Frames of one's own, to be differentiated.
pub(crate) fn variable(values: &Tensor) -> Result<Var> {
    values.copy().and_then(|own| Var::from_tensor(&own)).during("making a variable")
}

/// The gradients of the sum of some values.
pub(crate) fn gradients(values: &Tensor) -> Result<GradStore> {
    values.sum_all().and_then(|sum| sum.backward()).during("backward")
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
        .and_then(|rows| batch.contiguous()?.index_select(&rows, 0))
        .during("selecting rows")
}

/// The numbers of a tensor in order.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    if tensor.dtype() == DType::F32 {
        return Ok(values::<f32>(tensor)?.into_iter().map(f64::from).collect());
    }
    values(&tensor.to_dtype(DType::F64).during("reading numbers")?)
}

/// The numbers of a tensor in order, as they are.
pub(crate) fn values<T: WithDType>(tensor: &Tensor) -> Result<Vec<T>> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).during("reading numbers")
}
