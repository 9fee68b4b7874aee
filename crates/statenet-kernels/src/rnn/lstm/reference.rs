//! The LSTM recurrence unrolled into plain tensors, one step after the other.

use candle_core::Tensor;

use super::Lstm;
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference::sigmoid,
    rnn::shared::{Cell, CellRun, Unrolled, check},
};

/// [`lstm`](crate::lstm) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T
/// below a few thousand.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn lstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    let sizes = check::<Lstm>(gates, weight_hh, bias_hh, h0, Some(c0))?;
    let unrolled = Unrolled::new(gates, weight_hh, bias_hh, sizes);
    let run = unrolled.and_then(|u| {
        u.run_with_cell(h0, c0, |a, c| {
            let (i, f) = (sigmoid(&u.part(a, 0)?)?, sigmoid(&u.part(a, 1)?)?);
            let (g, o) = (u.part(a, 2)?.tanh()?, sigmoid(&u.part(a, 3)?)?);
            let c = ((f * c)? + (i * g)?)?;
            Ok(((o * c.tanh()?)?, c))
        })
    });
    run.map_err(Error::in_op(Lstm::NAME))
}
