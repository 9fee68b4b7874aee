//! Losses and scores of a finished fit.

use serde::{Deserialize, Serialize};

/// Why a fit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// The validation score stopped improving.
    Converged,
    /// The maximum number of epochs was reached; the validation score might have improved further.
    MaxEpochs,
    /// The epochs that were planned were run: those of a cosine schedule, or, without a validation score, those that an earlier fit found.
    AsPlanned,
}

/// A fit whose best validation score is below this has found nothing.
pub(crate) const FOUND: f64 = 0.1;

/// Losses and scores of a fit, epoch by epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Mean loss over the steps of each epoch.
    pub train_loss: Vec<f64>,
    /// Validation score after each epoch; `None` if it was undefined for all neurons.
    pub val_score: Vec<Option<f64>>,
    /// The epoch whose weights were kept, counted from 1; 0 if no epoch had a score.
    pub best_epoch: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// Duration of the fit in seconds, including the time before an interruption.
    pub seconds: f64,
}

impl History {
    /// Number of epochs.
    #[must_use]
    pub fn n_epochs(&self) -> usize {
        self.train_loss.len()
    }

    /// The best validation score.
    #[must_use]
    pub fn best_score(&self) -> Option<f64> {
        self.best_epoch.checked_sub(1).and_then(|i| self.val_score.get(i).copied().flatten())
    }

    /// Whether the fit converged with a best validation score below .1: it found nothing that the neurons answer.
    #[must_use]
    pub fn found_nothing(&self) -> bool {
        self.stopped == Stopped::Converged && self.best_score().is_some_and(|best| best < FOUND)
    }
}
