//! Causal attention in which single pairs of bins are left out, as in a training pass.

use candle_core::Tensor;

use super::{
    arguments::{OP, check},
    reference::compute,
};
use crate::{
    error::{Error, Result},
    tensor::arguments::Check,
};

/// [`causal_attention`](crate::causal_attention) whose probabilities are multiplied by `kept` before they weight `v`:
/// dropout of single pairs, which leaves the rest unnormalised (Vaswani et al. 2017, as in PyTorch).
///
/// It needs the matrix of all pairs, (B, heads, T, S), which the operation without dropout avoids: memory and time grow
/// with T S whatever the window.
///
/// - `q`, `k`, `v`, `scale`, `window`: as without dropout.
/// - `kept`: (B, heads, T, S), 0 for a pair left out, 1 / (1 - p) for the others. Gets no gradient.
/// - Returns (B, heads, T, D).
///
/// # Errors
/// [`Error::Shape`], [`Error::Range`], [`Error::DType`] or [`Error::Device`] by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let zero = Tensor::new(&[[[[0f32], [0.0]]]], &Device::Cpu)?; // equal scores: a mean
/// let v = Tensor::new(&[[[[1f32], [3.0]]]], &Device::Cpu)?;
/// let kept = Tensor::new(&[[[[2f32, 2.0], [0.0, 2.0]]]], &Device::Cpu)?;
/// let y = statenet_kernels::causal_attention_dropped(&zero, &zero, &v, 1.0, None, &kept)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [2.0, 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal_attention_dropped(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    scale: f64,
    window: Option<usize>,
    kept: &Tensor,
) -> Result<Tensor> {
    let sizes = check(q, k, v, scale, window)?;
    let pairs = [sizes.batch, sizes.heads, sizes.time, sizes.earlier + sizes.time];
    let check = Check::new(OP);
    check.dims("kept", kept, pairs.map(Some))?;
    check.dtype("kept", kept, q)?;
    check.devices(&[("q", q), ("k", k), ("v", v), ("kept", kept)])?;
    compute(q, k, v, scale, sizes, Some(&kept.detach())).map_err(Error::in_op(OP))
}
