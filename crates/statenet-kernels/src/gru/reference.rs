//! The GRU recurrence unrolled into plain tensors, one step after the other.

use candle_core::Tensor;

use super::{OP, Sizes, check};
use crate::{
    error::{Error, Result},
    softplus::reference::sigmoid,
};

/// [`gru`](crate::gru) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T
/// below a few thousand.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn gru(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(gates, weight_hh, bias_hh, h0)?;
    compute(gates, weight_hh, bias_hh, h0, sizes).map_err(Error::in_op(OP))
}

fn compute(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    Sizes { time, hidden, .. }: Sizes,
) -> candle_core::Result<(Tensor, Tensor)> {
    let weight = weight_hh.t()?.contiguous()?;
    let mut h = h0.contiguous()?;
    let mut states = Vec::with_capacity(time);
    for t in 0..time {
        let u = gates.narrow(1, t, 1)?.squeeze(1)?.contiguous()?;
        let q = h.matmul(&weight)?.broadcast_add(bias_hh)?;
        let part = |x: &Tensor, i: usize| x.narrow(1, i * hidden, hidden);
        let r = sigmoid(&(part(&u, 0)? + part(&q, 0)?)?)?;
        let z = sigmoid(&(part(&u, 1)? + part(&q, 1)?)?)?;
        let n = (part(&u, 2)? + (r * part(&q, 2)?)?)?.tanh()?;
        h = (&n + (z * (&h - &n)?)?)?;
        states.push(h.clone());
    }
    Ok((Tensor::stack(&states, 1)?, h))
}
