//! Normalisation over channels by Candle's means and broadcasts.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::{
    error::{Error, Result},
    pointwise::then::Then,
};

/// [`channel_norm`](crate::channel_norm) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn channel_norm(x: &Tensor, gain: &Tensor, bias: &Tensor, eps: f64, then: Then) -> Result<Tensor> {
    let sizes = check(x, gain, bias, eps, then)?;
    compute(x, gain, bias, eps, then, sizes).map_err(Error::in_op(OP))
}

fn compute(
    x: &Tensor,
    gain: &Tensor,
    bias: &Tensor,
    eps: f64,
    then: Then,
    Sizes { channels, .. }: Sizes,
) -> candle_core::Result<Tensor> {
    let x = x.contiguous()?;
    let centered = x.broadcast_sub(&x.mean_keepdim(1)?)?;
    let variance = centered.sqr()?.mean_keepdim(1)?;
    let normal = centered.broadcast_div(&(variance + eps)?.sqrt()?)?;
    let along_channels = (1, channels, 1, 1);
    let y = normal.broadcast_mul(&gain.reshape(along_channels)?)?;
    then.of_tensor(&y.broadcast_add(&bias.reshape(along_channels)?)?)
}
