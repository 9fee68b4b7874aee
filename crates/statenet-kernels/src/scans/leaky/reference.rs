//! Leaky integrators unrolled into plain tensors.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::{
    Layout,
    error::{Error, Result},
};

/// [`leaky`](crate::leaky()) from plain tensors, on any device.
///
/// Its graph is a few operations deep per bin: keep T below some ten thousand.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn leaky(
    x: &Tensor,
    layout: Layout,
    decay: &Tensor,
    gain: &Tensor,
    z0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let sizes = check(x, layout, decay, gain, z0)?;
    let run = || {
        let (before_and_after, axis) = unroll(x, decay, gain, z0, sizes)?;
        let states = Tensor::stack(&before_and_after[1..], axis)?;
        Ok((states, before_and_after[sizes.time].clone()))
    };
    run().map_err(Error::in_op(OP))
}

/// z\[-1\] to z\[T-1\], each (B, C), and the axis of time in their layout.
pub(crate) fn unroll(
    x: &Tensor,
    decay: &Tensor,
    gain: &Tensor,
    z0: &Tensor,
    Sizes { time, layout, .. }: Sizes,
) -> candle_core::Result<(Vec<Tensor>, usize)> {
    let axis = match layout {
        Layout::ChannelsFirst => 2,
        Layout::TimeFirst => 1,
    };
    let mut states = vec![z0.contiguous()?];
    let mut z = z0.contiguous()?;
    for t in 0..time {
        let x = x.narrow(axis, t, 1)?.squeeze(axis)?.contiguous()?;
        z = (z.broadcast_mul(decay)? + x.broadcast_mul(gain)?)?;
        states.push(z.clone());
    }
    Ok((states, axis))
}
