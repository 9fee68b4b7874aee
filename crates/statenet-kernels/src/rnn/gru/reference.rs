//! The GRU recurrence unrolled into plain tensors, one step after the other.

use candle_core::Tensor;

use super::Gru;
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference::sigmoid,
    rnn::shared::{Cell, Unrolled, check},
};

/// [`gru`](crate::gru) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T
/// below a few thousand.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn gru(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check::<Gru>(gates, weight_hh, bias_hh, h0, None)?;
    let unrolled = Unrolled::new(gates, weight_hh, bias_hh, sizes);
    let run = unrolled.and_then(|all| {
        all.run(h0, |u, q, h| {
            let r = sigmoid(&(all.part(u, 0)? + all.part(q, 0)?)?)?;
            let z = sigmoid(&(all.part(u, 1)? + all.part(q, 1)?)?)?;
            let n = (all.part(u, 2)? + (r * all.part(q, 2)?)?)?.tanh()?;
            &n + (z * (h - &n)?)?
        })
    });
    run.map_err(Error::in_op(Gru::NAME))
}
