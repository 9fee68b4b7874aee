//! One bin of an Elman network in plain tensors.

use candle_core::{Result, Tensor};

use crate::rnn::shared::cell::PlainBin;

/// h after the bin.
pub(super) fn bin(bin: &PlainBin<'_>) -> Result<Vec<Tensor>> {
    Ok(vec![bin.a()?.tanh()?])
}
