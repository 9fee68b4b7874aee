//! What happened in a fit.

use serde::{Deserialize, Serialize};

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// The validation score had stopped improving.
    Converged,
    /// The number of epochs allowed was used up while it might still have improved.
    MaxEpochs,
}

/// The course of a fit, epoch by epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Mean loss over the steps of each epoch.
    pub train_loss: Vec<f64>,
    /// Validation score after each epoch; `None` where no neuron had one.
    pub val_score: Vec<Option<f64>>,
    /// The epoch whose weights were kept, from 1; 0 if none was better than the start.
    pub best_epoch: usize,
    /// Why it ended.
    pub stopped: Stopped,
    /// Seconds of fitting, the time before an interruption included.
    pub seconds: f64,
}

impl History {
    /// Epochs run.
    #[must_use]
    pub fn n_epochs(&self) -> usize {
        self.train_loss.len()
    }

    /// The best validation score.
    #[must_use]
    pub fn best_score(&self) -> Option<f64> {
        self.best_epoch.checked_sub(1).and_then(|i| self.val_score.get(i).copied().flatten())
    }
}
