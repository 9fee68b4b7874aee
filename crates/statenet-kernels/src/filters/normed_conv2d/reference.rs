//! The convolution, the normalisation and what follows, one after the other.

use candle_core::Tensor;

use super::{NormThen, OP, check};
use crate::{
    error::{Error, Result},
    filters::causal_conv2d::reference::compute,
    pointwise::channel_norm::reference::channel_norm,
};

/// [`normed_conv2d`](crate::normed_conv2d) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn normed_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
    norm: NormThen<'_>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context, norm)?;
    let a = compute(x, weight, bias, context, sizes).map_err(Error::in_op(OP))?;
    channel_norm(&a, norm.gain, norm.bias, norm.eps, norm.then)
}
