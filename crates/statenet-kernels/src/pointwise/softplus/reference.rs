//! Softplus and the logistic function by Candle's elementary functions.

use candle_core::Tensor;

use super::{OP, check};
use crate::error::{Error, Result};

/// [`softplus`](crate::softplus) from plain tensors, on any device.
///
/// Absolute, not relative precision where x is far below zero: Candle has no ln(1 + x).
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    check(x)?;
    plain(x).map_err(Error::in_op(OP))
}

/// max(x, 0) as (x + |x|) / 2, whose gradient at 0 is 1/2 as it should be here; Candle's ReLU has 1.
pub(crate) fn plain(x: &Tensor) -> candle_core::Result<Tensor> {
    let magnitude = x.abs()?;
    let hinge = ((x + &magnitude)? * 0.5)?;
    hinge + (magnitude.neg()?.exp()? + 1.0)?.log()?
}

/// The logistic function as (1 + tanh(x/2)) / 2, which has finite gradients everywhere.
pub(crate) fn sigmoid(x: &Tensor) -> candle_core::Result<Tensor> {
    ((x * 0.5)?.tanh()? + 1.0)? * 0.5
}
