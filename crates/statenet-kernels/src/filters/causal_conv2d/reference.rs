//! The convolution as one matrix product per lag and band of the filter.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::error::{Error, Result};

/// [`causal_conv2d`](crate::causal_conv2d) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn causal_conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, context: Option<&Tensor>) -> Result<Tensor> {
    let sizes = check(OP, x, weight, bias, context)?;
    compute(x, weight, bias, context, sizes).map_err(Error::in_op(OP))
}

pub(crate) fn compute(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
    Sizes { batch, inputs, bands, outputs, rows, time, width, lags }: Sizes,
) -> candle_core::Result<Tensor> {
    let x = match context {
        _ if lags == 1 => x.contiguous()?,
        Some(context) => Tensor::cat(&[context, x], 3)?,
        None => {
            let silence = Tensor::zeros((batch, inputs, bands, lags - 1), x.dtype(), x.device())?;
            Tensor::cat(&[&silence, x], 3)?
        }
    };
    let mut y = Tensor::zeros((batch, outputs, rows * time), x.dtype(), x.device())?;
    for k in 0..width {
        for j in 0..lags {
            let seen = x.narrow(2, k, rows)?.narrow(3, j, time)?.contiguous()?;
            let seen = seen.reshape((batch, inputs, rows * time))?;
            let filter = weight.narrow(2, k, 1)?.narrow(3, j, 1)?.contiguous()?;
            let filter = filter.reshape((1, outputs, inputs))?.broadcast_as((batch, outputs, inputs))?;
            y = (y + filter.contiguous()?.matmul(&seen)?)?;
        }
    }
    y.reshape((batch, outputs, rows, time))?.broadcast_add(&bias.reshape((1, outputs, 1, 1))?)
}
