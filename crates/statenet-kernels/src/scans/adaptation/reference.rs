//! The running average unrolled into plain tensors.

use candle_core::Tensor;

use super::{OP, check};
use crate::{
    Layout,
    error::{Error, Result},
    scans::leaky::reference::unroll,
};

/// [`adaptation`](crate::adaptation()) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn adaptation(x: &Tensor, layout: Layout, decay: &Tensor, e0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(x, layout, decay, e0)?;
    let run = || {
        let (averages, axis) = unroll(x, decay, &decay.affine(-1.0, 1.0)?, e0, sizes)?;
        Ok((Tensor::stack(&averages[..sizes.time], axis)?, averages[sizes.time].clone()))
    };
    run().map_err(Error::in_op(OP))
}
