//! The learning rate over the course of a fit.

use serde::{Deserialize, Serialize};

/// How the learning rate changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays.
    Constant,
    /// It is multiplied by `factor` after `patience` epochs without improvement, at most `times` times; the fit goes on
    /// from the best weights so far.
    Plateau {
        /// Epochs without improvement before it falls.
        patience: usize,
        /// What it is multiplied by, above 0 and below 1.
        factor: f64,
        /// How often it may fall.
        times: usize,
    },
}

impl Schedule {
    /// The factor on the first learning rate after `n_falls` falls.
    pub(crate) fn factor(self, n_falls: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Plateau { factor, .. } => factor.powi(i32::try_from(n_falls).unwrap_or(i32::MAX)),
        }
    }

    /// Whether the rate falls now.
    pub(crate) fn falls(self, n_stale: usize, n_falls: usize) -> bool {
        match self {
            Self::Constant => false,
            Self::Plateau { patience, times, .. } => n_stale >= patience && n_falls < times,
        }
    }
}
