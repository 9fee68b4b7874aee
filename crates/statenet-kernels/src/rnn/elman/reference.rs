//! The recurrence of an Elman network unrolled into plain tensors, one step after the other.

use candle_core::Tensor;

use super::Rnn;
use crate::{
    error::{Error, Result},
    rnn::shared::{Cell, Unrolled, check},
};

/// [`rnn`](fn@crate::rnn) from plain tensors, on any device.
///
/// Its graph is some five operations deep per bin, and Candle's backward pass recurses over it: keep T
/// below a few thousand.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn rnn(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check::<Rnn>(gates, weight_hh, bias_hh, h0, None)?;
    let unrolled = Unrolled::new(gates, weight_hh, bias_hh, sizes);
    let run = unrolled.and_then(|u| u.run(h0, |u, q, _| (u + q)?.tanh()));
    run.map_err(Error::in_op(Rnn::NAME))
}
