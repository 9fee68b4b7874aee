//! The causal receptive field as one matrix product per lag.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::error::{Error, Result};

/// [`causal_strf`](crate::causal_strf) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn causal_strf(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    context: Option<&Tensor>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context)?;
    compute(x, weight, bias, context, sizes).map_err(Error::in_op(OP))
}

fn compute(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    context: Option<&Tensor>,
    Sizes { batch, channels, bands, time, outputs, lags }: Sizes,
) -> candle_core::Result<Tensor> {
    let x = match context {
        _ if lags == 1 => x.contiguous()?,
        Some(context) => Tensor::cat(&[context, x], 3)?,
        None => {
            let silence = Tensor::zeros((batch, channels, bands, lags - 1), x.dtype(), x.device())?;
            Tensor::cat(&[&silence, x], 3)?
        }
    };
    let mut y = Tensor::zeros((batch, outputs, time), x.dtype(), x.device())?;
    for k in 0..lags {
        let frames = x.narrow(3, k, time)?.contiguous()?.reshape((batch, channels * bands, time))?;
        let column = weight.narrow(3, k, 1)?.contiguous()?.reshape((1, outputs, channels * bands))?;
        let column = column.broadcast_as((batch, outputs, channels * bands))?.contiguous()?;
        y = (y + column.matmul(&frames)?)?;
    }
    match bias {
        Some(bias) => y.broadcast_add(&bias.reshape((1, outputs, 1))?),
        None => Ok(y),
    }
}
