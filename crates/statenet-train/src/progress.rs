//! Progress of a running fit.

use std::time::Duration;

/// Progress of a fit after an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Number of epochs done.
    pub epoch: usize,
    /// Maximum number of epochs.
    pub max_epochs: usize,
    /// Mean loss over the steps of the epoch.
    pub train_loss: f64,
    /// Validation score after the epoch.
    pub val_score: Option<f64>,
    /// The best validation score so far.
    pub best_score: Option<f64>,
    /// Number of epochs without improvement.
    pub n_stale: usize,
    /// Number of epochs without improvement after which the fit stops.
    pub patience: usize,
    /// Time since the start of the fit.
    pub elapsed: Duration,
    /// Estimated time to the maximum number of epochs, from the mean time per epoch; the fit may stop earlier.
    pub at_most_left: Duration,
}
