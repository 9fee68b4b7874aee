//! Dropout as a product of tensors.

use candle_core::Tensor;

use super::{OP, check};
use crate::error::{Error, Result};

/// [`dropout`](crate::dropout()) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn dropout(x: &Tensor, kept: &Tensor) -> Result<Tensor> {
    check(x, kept)?;
    (x * kept.detach()).map_err(Error::in_op(OP))
}
