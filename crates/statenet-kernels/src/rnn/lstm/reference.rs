//! One bin of an LSTM in plain tensors.

use candle_core::{Result, Tensor};

use crate::{pointwise::softplus::reference::sigmoid, rnn::shared::cell::PlainBin};

/// h and c after the bin.
pub(super) fn bin(bin: &PlainBin<'_>) -> Result<Vec<Tensor>> {
    let a = bin.a()?;
    let (i, f) = (sigmoid(&bin.gate(&a, 0)?)?, sigmoid(&bin.gate(&a, 1)?)?);
    let (g, o) = (bin.gate(&a, 2)?.tanh()?, sigmoid(&bin.gate(&a, 3)?)?);
    let c = ((f * bin.c)? + (i * g)?)?;
    Ok(vec![(o * c.tanh()?)?, c])
}
