//! One bin of a GRU in plain tensors.

use candle_core::{Result, Tensor};

use crate::{pointwise::softplus::reference::sigmoid, rnn::shared::cell::PlainBin};

/// h after the bin.
pub(super) fn bin(bin: &PlainBin<'_>) -> Result<Vec<Tensor>> {
    let r = sigmoid(&(bin.u_of(0)? + bin.q_of(0)?)?)?;
    let z = sigmoid(&(bin.u_of(1)? + bin.q_of(1)?)?)?;
    let n = (bin.u_of(2)? + (r * bin.q_of(2)?)?)?.tanh()?;
    Ok(vec![(&n + (z * (bin.h - &n)?)?)?])
}
