//! Attention by the matrix of all pairs of bins.

use candle_core::{D, Tensor};

use super::arguments::{OP, Sizes, check};
use crate::error::{Error, Result};

/// [`causal_attention`](crate::causal_attention) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn causal_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    scale: f64,
    window: Option<usize>,
) -> Result<Tensor> {
    let sizes = check(q, k, v, scale, window)?;
    compute(q, k, v, scale, sizes, None).map_err(Error::in_op(OP))
}

/// With the probabilities multiplied by `kept`, if there is one.
pub(super) fn compute(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    scale: f64,
    Sizes { time, earlier, window, .. }: Sizes,
    kept: Option<&Tensor>,
) -> candle_core::Result<Tensor> {
    let keys = earlier + time;
    let hidden = |i: usize, j: usize| j > earlier + i || j + window <= earlier + i;
    let mask: Vec<f32> =
        (0..time * keys).map(|n| if hidden(n / keys, n % keys) { f32::NEG_INFINITY } else { 0.0 }).collect();
    let mask = Tensor::from_vec(mask, (time, keys), q.device())?.to_dtype(q.dtype())?;
    let scores = (q.contiguous()?.matmul(&k.contiguous()?.t()?.contiguous()?)? * scale)?;
    let scores = scores.broadcast_add(&mask)?;
    let weights = scores.broadcast_sub(&scores.max_keepdim(D::Minus1)?.detach())?.exp()?;
    let weights = weights.broadcast_div(&weights.sum_keepdim(D::Minus1)?)?;
    let weights = kept.map_or_else(|| Ok(weights.clone()), |kept| &weights * kept)?;
    weights.matmul(&v.contiguous()?)
}
