//! Schedules of the learning rate.

use serde::{Deserialize, Serialize};

/// How the learning rate changes during a fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays constant.
    Constant,
    /// It is multiplied by `factor` after `patience` epochs without improvement, at most `times` times. Each time the fit
    /// continues from the best weights so far.
    Plateau {
        /// Number of epochs without improvement before a reduction.
        patience: usize,
        /// The factor, above 0 and below 1.
        factor: f64,
        /// The largest number of reductions.
        times: usize,
    },
}

impl Schedule {
    /// The factor on the initial learning rate after `n_falls` reductions.
    pub(crate) fn factor(self, n_falls: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Plateau { factor, .. } => factor.powi(i32::try_from(n_falls).unwrap_or(i32::MAX)),
        }
    }

    /// Whether the learning rate is to be reduced now.
    pub(crate) fn falls(self, n_stale: usize, n_falls: usize) -> bool {
        match self {
            Self::Constant => false,
            Self::Plateau { patience, times, .. } => n_stale >= patience && n_falls < times,
        }
    }
}
