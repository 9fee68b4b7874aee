//! The recurrence of the subtractive-gated LSTM unrolled into plain tensors, one step after the other.

use candle_core::Tensor;

use super::SubLstm;
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference::sigmoid,
    rnn::shared::{Cell, CellRun, Unrolled, check},
};

/// [`sublstm`](crate::sublstm) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T
/// below a few thousand.
///
/// # Errors
/// As the fused operation; the device is Candle's matter.
pub fn sublstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    let sizes = check::<SubLstm>(gates, weight_hh, bias_hh, h0, Some(c0))?;
    let unrolled = Unrolled::new(gates, weight_hh, bias_hh, sizes);
    let run = unrolled.and_then(|u| {
        u.run_with_cell(h0, c0, |a, c| {
            let a = sigmoid(a)?;
            let (i, f, z, o) = (u.part(&a, 0)?, u.part(&a, 1)?, u.part(&a, 2)?, u.part(&a, 3)?);
            let c = ((f * c)? + (z - i)?)?;
            Ok(((sigmoid(&c)? - o)?, c))
        })
    });
    run.map_err(Error::in_op(SubLstm::NAME))
}
