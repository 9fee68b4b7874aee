//! The filter as one product per tap.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference::sigmoid,
};

/// [`depthwise_conv1d`](crate::depthwise_conv1d()) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn depthwise_conv1d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context)?;
    compute(x, weight, bias, context.filter(|_| sizes.taps > 1), sizes).map_err(Error::in_op(OP))
}

fn compute(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
    Sizes { batch, time, channels, taps }: Sizes,
) -> candle_core::Result<Tensor> {
    let x = match context {
        Some(context) => Tensor::cat(&[context, x], 1)?,
        None if taps > 1 => {
            let silence = Tensor::zeros((batch, taps - 1, channels), x.dtype(), x.device())?;
            Tensor::cat(&[&silence, x], 1)?
        }
        None => x.clone(),
    };
    let mut sum = bias.broadcast_as((batch, time, channels))?;
    for k in 0..taps {
        let weight = weight.narrow(1, k, 1)?.squeeze(1)?;
        sum = (sum + x.narrow(1, k, time)?.broadcast_mul(&weight)?)?;
    }
    &sum * sigmoid(&sum)?
}
