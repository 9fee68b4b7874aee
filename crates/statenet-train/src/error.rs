//! The errors of this crate.

use std::path::PathBuf;

/// What can go wrong in a fit or an evaluation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting of the caller's is outside its range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        got: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// Model and recording do not belong together.
    #[error("the model has {what} {model}, the recording {recording}")]
    Mismatch {
        /// Bands, neurons.
        what: &'static str,
        /// The model's number.
        model: usize,
        /// The recording's number.
        recording: usize,
    },
    /// The loss or a gradient stopped being a finite number; the best weights so far were restored.
    #[error("{what} is {value} in epoch {epoch}, step {step}, on stimulus {}: lower the learning rate or clip gradients", stimuli.join(", "))]
    NotFinite {
        /// Loss, gradient norm.
        what: &'static str,
        /// What it became.
        value: f64,
        /// Epoch, from 1.
        epoch: usize,
        /// Step within the epoch, from 1.
        step: usize,
        /// Names of the stimuli of the batch.
        stimuli: Vec<String>,
    },
    /// No neuron has a response that a score could be computed from.
    #[error("no neuron has a validation score: {reason}")]
    NothingToScore {
        /// Why, for the first neuron.
        reason: String,
    },
    /// A file to resume from belongs to another fit.
    #[error("{path}: state of another fit: {field} is {got}, expected {expected}", path = path.display())]
    OtherFit {
        /// The folder.
        path: PathBuf,
        /// What differs.
        field: &'static str,
        /// Its value in the file.
        got: String,
        /// Its value in this fit.
        expected: String,
    },
    /// A file of a resumable fit is missing or damaged.
    #[error("{path}: cannot {action}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A linear system could not be solved.
    #[error("the {n} x {n} system of a ridge regression has no eigenvalues: {reason}")]
    Ridge {
        /// Its size.
        n: usize,
        /// Why.
        reason: String,
    },
    /// A file or folder could not be written.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
    /// The recording refused.
    #[error(transparent)]
    Data(#[from] statenet_data::Error),
    /// The model refused.
    #[error(transparent)]
    Model(#[from] statenet_models::Error),
    /// A score or loss refused.
    #[error(transparent)]
    Metrics(#[from] statenet_metrics::Error),
    /// Candle failed in an operation of ours.
    #[error("{op} failed")]
    Tensor {
        /// The operation.
        op: &'static str,
        /// Candle's answer.
        #[source]
        source: candle_core::Error,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Names the operation in which Candle failed.
pub(crate) trait During<T> {
    fn during(self, op: &'static str) -> Result<T>;
}

impl<T> During<T> for candle_core::Result<T> {
    fn during(self, op: &'static str) -> Result<T> {
        self.map_err(|source| Error::Tensor { op, source })
    }
}
