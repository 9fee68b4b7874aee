//! What a fitter tells whoever watches it.

use std::time::Duration;

/// Where a fit stands after an epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Epochs done.
    pub epoch: usize,
    /// Epochs allowed.
    pub max_epochs: usize,
    /// Mean loss of the epoch's steps.
    pub train_loss: f64,
    /// Validation score after the epoch.
    pub val_score: Option<f64>,
    /// The best validation score so far.
    pub best_score: Option<f64>,
    /// Epochs without improvement.
    pub n_stale: usize,
    /// Epochs without improvement after which the fit stops.
    pub patience: usize,
    /// Time so far.
    pub elapsed: Duration,
    /// Time to the last epoch allowed, if every epoch takes as long as the mean so far; the fit may stop earlier.
    pub at_most_left: Duration,
}
