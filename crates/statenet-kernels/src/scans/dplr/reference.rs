//! The recurrence of S4 unrolled into plain tensors.

use candle_core::Tensor;

use super::{DplrWeights, OP, check};
use crate::{
    error::{Error, Result},
    scans::diagonal::reference::unroll,
};

/// [`dplr_scan`](crate::dplr_scan()) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn dplr_scan(u: &Tensor, weights: DplrWeights<'_>, s0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(u, weights, s0)?;
    let DplrWeights { diagonal, left, right, b, c } = weights;
    unroll(u, [diagonal, b, c], Some([left, right]), s0, sizes).map_err(Error::in_op(OP))
}
