//! `summary.json`: what a run of `fit` found, for machines. Its fields are a contract.

use serde::{Deserialize, Serialize};
use statenet::{prelude::*, train::Stopped};

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The recording.
    pub dataset: Dataset,
    /// The models, in the order in which they were asked for.
    pub models: Vec<ModelSummary>,
}

/// The recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dataset {
    /// Its name.
    pub name: String,
    /// Neurons.
    pub neurons: usize,
    /// Stimuli.
    pub stimuli: usize,
    /// Width of a time bin, ms.
    pub dt_ms: f64,
}

impl Dataset {
    /// Of a recording.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        Self {
            name: recording.name().to_owned(),
            neurons: recording.n_neurons(),
            stimuli: recording.n_stimuli(),
            dt_ms: recording.dt().ms(),
        }
    }
}

/// One fitted model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The name it was asked for by.
    pub name: String,
    /// Its config, whole.
    pub config: ModelConfig,
    /// Trained numbers.
    pub parameters: usize,
    /// Seed of its first weights and of the order of stimuli.
    pub seed: u64,
    /// Stimuli, by index.
    pub split: Split,
    /// Epochs run; 0 for a fit in closed form.
    pub epochs_run: usize,
    /// The epoch whose weights were kept, from 1; 0 for a fit in closed form.
    pub best_epoch: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// Seconds of fitting.
    pub seconds_fit: f64,
    /// Training loss of each epoch; of a closed form its one.
    pub train_loss: Vec<f64>,
    /// Validation score after each epoch; of a closed form that of each candidate window.
    pub val_score: Vec<Option<f64>>,
    /// Scores on the test stimuli.
    pub test: Evaluation,
    /// The checkpoint's folder, relative to this file.
    pub checkpoint: String,
}
