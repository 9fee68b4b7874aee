//! What all parameterisations of a receptive field are.

use candle_core::Tensor;

use crate::{config::limits::expect_size, error::Result};

/// What receptive fields look from and at.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) outputs: usize,
    pub(super) channels: usize,
    pub(super) n_bands: usize,
    pub(super) lags: usize,
}

/// Weights computed from whatever parameters they have.
pub(super) trait Weights: Send + Sync {
    /// `(outputs, channels, F, lags)`.
    fn weight(&self) -> candle_core::Result<Tensor>;

    /// The parameter that is 0 where all weights are.
    fn amplitude(&self) -> &Tensor;
}

/// Refuses a receptive field of fewer frames than `least`.
pub(super) fn expect_lags(lags: usize, least: usize, field: &str) -> Result<()> {
    expect_size(&format!("{field}.lags"), lags, least)
}
