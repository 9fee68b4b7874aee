//! How far back the receptive fields of the zoo look.

use statenet_core::{Axes, Millis};

/// Bins of the default receptive field: 200 ms, at least one.
///
/// Windows of 45 ms are common in the literature, and too short: a ridge regression on NS1 explains much more with
/// 200 ms. A baseline with less would prove nothing.
pub(super) fn default_lags(axes: &Axes) -> usize {
    const WINDOW_MS: f64 = 200.0;
    Millis::new(WINDOW_MS).map_or(1, |window| axes.dt.nearest_bins(window))
}
