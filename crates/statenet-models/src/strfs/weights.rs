//! What the parameterisations of receptive fields have in common.

use candle_core::Tensor;

use crate::{config::limits::expect_size, error::Result};

/// The sizes of a set of receptive fields.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) outputs: usize,
    pub(super) channels: usize,
    pub(super) n_bands: usize,
    pub(super) lags: usize,
}

/// A parameterisation: weights computed from its parameters.
pub(super) trait Weights: Send + Sync {
    /// `(outputs, channels, F, lags)`.
    fn weight(&self) -> candle_core::Result<Tensor>;

    /// The parameter whose zeros make all weights zero.
    fn amplitude(&self) -> &Tensor;
}

/// Refuses a receptive field of fewer frames than `least`.
pub(super) fn expect_lags(lags: usize, least: usize, field: &str) -> Result<()> {
    expect_size(&format!("{field}.lags"), lags, least)
}
