//! The selective scan unrolled into plain tensors.

use candle_core::{D, Tensor};

use super::{OP, SelectiveScan, Sizes};
use crate::error::{Error, Result};

/// [`selective_scan`](crate::selective_scan()) from plain tensors, on any device.
///
/// Its graph is some ten operations deep per bin, and Candle's backward pass recurses over it: keep T below a
/// few thousand.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn selective_scan(arguments: SelectiveScan<'_>) -> Result<(Tensor, Tensor)> {
    let sizes = arguments.check()?;
    compute(arguments, sizes).map_err(Error::in_op(OP))
}

fn compute(arguments: SelectiveScan<'_>, Sizes { time, .. }: Sizes) -> candle_core::Result<(Tensor, Tensor)> {
    let SelectiveScan { x, delta, a, b, c, d, h0 } = arguments;
    let mut h = h0.contiguous()?;
    let mut y = Vec::with_capacity(time);
    for t in 0..time {
        let bin = |x: &Tensor| x.narrow(1, t, 1)?.squeeze(1)?.contiguous();
        let (x, delta) = (bin(x)?, bin(delta)?.unsqueeze(2)?);
        let (b, c) = (bin(b)?.unsqueeze(1)?, bin(c)?.unsqueeze(1)?);
        let decay = delta.broadcast_mul(&a.unsqueeze(0)?)?.exp()?;
        let input = delta.broadcast_mul(&x.unsqueeze(2)?)?.broadcast_mul(&b)?;
        h = ((decay * h)? + input)?;
        y.push((h.broadcast_mul(&c)?.sum(D::Minus1)? + x.broadcast_mul(d)?)?);
    }
    Ok((Tensor::stack(&y, 1)?, h))
}
