//! The gate by Candle's elementary functions.

use candle_core::Tensor;

use super::{OP, check};
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference::sigmoid,
};

/// [`silu_gate`](crate::silu_gate()) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn silu_gate(x: &Tensor, z: &Tensor) -> Result<Tensor> {
    check(x, z)?;
    let run = || x * (z * sigmoid(z)?)?;
    run().map_err(Error::in_op(OP))
}
