//! Short-term plasticity unrolled into plain tensors.

use candle_core::Tensor;

use super::{OP, check};
use crate::error::{Error, Result};

/// [`plasticity`](crate::plasticity()) from plain tensors, on any device.
///
/// Its graph is a few operations deep per bin: keep T below some ten thousand.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn plasticity(gain: &Tensor, loss: &Tensor, rate: &Tensor, z0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(gain, loss, rate, z0)?;
    let run = || -> candle_core::Result<(Tensor, Tensor)> {
        let mut z = z0.contiguous()?;
        let mut found = Vec::with_capacity(sizes.time);
        for t in 0..sizes.time {
            found.push(z.clone());
            let bin = |x: &Tensor| x.narrow(2, t, 1)?.squeeze(2)?.contiguous()?.broadcast_add(rate);
            z = ((z + bin(gain)?)? / (bin(loss)? + 1.0)?)?;
        }
        Ok((Tensor::stack(&found, 2)?, z))
    };
    run().map_err(Error::in_op(OP))
}
