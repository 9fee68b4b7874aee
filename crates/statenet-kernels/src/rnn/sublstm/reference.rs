//! One bin of a subtractive-gated LSTM in plain tensors.

use candle_core::{Result, Tensor};

use crate::{pointwise::softplus::reference::sigmoid, rnn::shared::cell::PlainBin};

/// h and c after the bin.
pub(super) fn bin(bin: &PlainBin<'_>) -> Result<Vec<Tensor>> {
    let a = sigmoid(&bin.a()?)?;
    let (i, f, z, o) = (bin.gate(&a, 0)?, bin.gate(&a, 1)?, bin.gate(&a, 2)?, bin.gate(&a, 3)?);
    let c = ((f * bin.c)? + (z - i)?)?;
    Ok(vec![(sigmoid(&c)? - o)?, c])
}
