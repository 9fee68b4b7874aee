//! Gradients through a batch of streams: one forward pass from given states, then a backward pass for each quantity.

use candle_core::{DType, Tensor, Var, WithDType, backprop::GradStore};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use statenet_models::{ResponseModel, State};

use crate::error::{During, Error, Result};

/// Rows times bins of one pass: enough to make good use of the weights once loaded, few enough to stay in the cache.
const PASS_BINS: usize = 1600;
/// The least number of rows in a pass.
const PASS_ROWS: usize = 8;

/// How many rows of `n_bins` bins each to run in one pass.
pub(crate) fn rows_of_pass(n_bins: usize) -> usize {
    (PASS_BINS / n_bins.max(1)).max(PASS_ROWS)
}

/// What a model returns for a chunk of frames, with the graph for a backward pass.
pub(crate) struct Output {
    /// (R, N, bins read).
    pub(crate) rates: Tensor,
    /// The state after the last frame.
    pub(crate) state: State,
}

/// Runs R streams over frames (R, 1, F, L) from a given state, and returns the rates of the last `n_read` bins.
///
/// For the bins before those only the state is advanced: their rates are not computed, and no gradient passes through
/// them.
pub(crate) fn run_from(
    model: &dyn ResponseModel,
    state: State,
    frames: &Tensor,
    n_read: usize,
) -> Result<Output> {
    let n_bins = frames.dim(3).during("reading frames")?;
    let before = n_bins.saturating_sub(n_read);
    let mut state = state.keeping_graph();
    if before > 0 {
        model.advance(&cut(frames, 0, before)?, &mut state)?;
    }
    let rates = model.chunk(&cut(frames, before, n_bins - before)?, &mut state)?;
    Ok(Output { rates, state })
}

/// `n` bins of frames (R, 1, F, L), from bin `start` on.
pub(crate) fn cut(frames: &Tensor, start: usize, n: usize) -> Result<Tensor> {
    frames.narrow(3, start, n).during("cutting frames")
}

/// A copy of a tensor as a variable, to be differentiated with respect to.
pub(crate) fn variable(values: &Tensor) -> Result<Var> {
    values.copy().and_then(|own| Var::from_tensor(&own)).during("copying a tensor into a variable")
}

/// The gradients of the sum of all values.
pub(crate) fn gradients(values: &Tensor) -> Result<GradStore> {
    values.sum_all().and_then(|sum| sum.backward()).during("backward pass")
}

pub(crate) fn no_gradient(model: &dyn ResponseModel) -> Error {
    Error::NoGradient { model: model.config().slug() }
}

/// Maps items in parallel, in the thread pool that the caller runs in; results keep the order of the items.
pub(crate) fn in_parallel<I: Send, O: Send>(
    items: Vec<I>,
    work: impl Fn(I) -> Result<O> + Send + Sync,
) -> Result<Vec<O>> {
    items.into_par_iter().map(work).collect()
}

/// The given rows of a batch, in that order; a row may be given more than once.
pub(crate) fn select(batch: &Tensor, rows: &[u32]) -> Result<Tensor> {
    Tensor::from_slice(rows, rows.len(), batch.device())
        .and_then(|rows| batch.contiguous()?.index_select(&rows, 0))
        .during("selecting rows")
}

/// The elements of a tensor in row-major order, as f64.
pub(crate) fn numbers(tensor: &Tensor) -> Result<Vec<f64>> {
    if tensor.dtype() == DType::F32 {
        return Ok(values::<f32>(tensor)?.into_iter().map(f64::from).collect());
    }
    values(&tensor.to_dtype(DType::F64).during("reading a tensor")?)
}

/// The elements of a tensor in row-major order, in its own dtype.
pub(crate) fn values<T: WithDType>(tensor: &Tensor) -> Result<Vec<T>> {
    tensor.flatten_all().and_then(|t| t.to_vec1()).during("reading a tensor")
}
