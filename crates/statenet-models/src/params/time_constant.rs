//! Learned time constants: tau = 1 + d^2 bins, so that none is ever shorter than a bin.

use candle_core::Tensor;
use statenet_core::{Axes, Millis};

use crate::error::{Result, config_error};

/// 1 / tau from d: the share of itself that a quantity loses, or of its input that an average takes in, per bin.
pub(crate) fn rate(d: &Tensor) -> candle_core::Result<Tensor> {
    d.sqr()?.affine(1.0, 1.0)?.recip()
}

/// The d with which a rate (above 0, at most 1) starts.
pub(crate) fn root(rate: f64) -> f64 {
    (1.0 / rate - 1.0).sqrt()
}

/// The rate of a time constant at these axes.
pub(crate) fn rate_of(tau: Millis, axes: &Axes) -> f64 {
    axes.dt.ms() / tau.ms()
}

/// Refuses a start at one bin or less: d would be 0, where its gradient vanishes.
pub(crate) fn validate(tau: Millis, axes: &Axes, field: &str) -> Result<()> {
    if tau.ms() > axes.dt.ms() {
        return Ok(());
    }
    Err(config_error(field, tau.ms(), format!("above {}, the ms of a bin", axes.dt.ms())))
}
