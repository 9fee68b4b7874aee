//! The errors of this crate.

use std::path::PathBuf;

use statenet_core::ResponseUnit;

/// What can go wrong in a fit or an evaluation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is out of range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        got: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// The model has another number of bands or neurons than the recording.
    #[error("the model has {model} {what}, the recording has {recording}")]
    Mismatch {
        /// `bands` or `neurons`.
        what: &'static str,
        /// The model's number.
        model: usize,
        /// The recording's number.
        recording: usize,
    },
    /// A loss of spike counts was chosen for continuous responses.
    #[error(
        "loss {loss} is the likelihood of spike counts, and the responses are in {unit}: use mse, gaussian or correlation"
    )]
    LossUnit {
        /// The loss.
        loss: &'static str,
        /// The unit of the responses.
        unit: ResponseUnit,
    },
    /// The model is of responses in another unit than the recording has.
    #[error("the model is of responses in {model}, the recording has responses in {recording}")]
    ModelUnit {
        /// The model's unit.
        model: ResponseUnit,
        /// The recording's unit.
        recording: ResponseUnit,
    },
    /// The model's output curve gives nothing below 0, where responses are.
    #[error(
        "the model's output curve gives nothing below 0, and the mean response of neuron {neuron} is {mean:.3} {unit}: expected identity, or a curve with \"output\": \"signed\""
    )]
    OutputCurve {
        /// The id of the first such neuron.
        neuron: String,
        /// Its mean response.
        mean: f64,
        /// The unit of the responses.
        unit: ResponseUnit,
    },
    /// The loss or a gradient became infinite or NaN. The model holds the best weights so far.
    #[error("{what} is {value} in epoch {epoch}, step {step}, on stimulus {}: lower the learning rate or clip gradients", stimuli.join(", "))]
    NotFinite {
        /// `the loss` or `the gradient norm`.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The epoch, counted from 1.
        epoch: usize,
        /// The step within the epoch, counted from 1.
        step: usize,
        /// The names of the stimuli in the batch.
        stimuli: Vec<String>,
    },
    /// The validation score is undefined for all neurons.
    #[error("no neuron has a validation score: {reason}")]
    NothingToScore {
        /// The reason for the first neuron.
        reason: String,
    },
    /// No neuron has the signal-to-noise ratio that was asked for.
    #[error("recording {recording}: no neuron has a signal-to-noise ratio of {least} or more: {why}")]
    NothingRepeats {
        /// The recording's name.
        recording: String,
        /// The least ratio.
        least: f64,
        /// The highest ratio, or why there is none.
        why: String,
    },
    /// The folder to resume from holds the state of another fit.
    #[error("{path}: state of another fit: {field} is {got}, expected {expected}", path = path.display())]
    OtherFit {
        /// The folder.
        path: PathBuf,
        /// What differs.
        field: &'static str,
        /// Its value in the folder.
        got: String,
        /// Its value in this fit.
        expected: String,
    },
    /// A file of an unfinished fit is missing, or its bytes are not those that were written.
    #[error(
        "{path}: the state of an unfinished fit is damaged: {reason}; delete the folder {folder} to start this fit anew",
        path = path.display(), folder = folder.display()
    )]
    DamagedState {
        /// The file.
        path: PathBuf,
        /// The folder of the state: without it the fit starts anew.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The fit was [asked to stop](crate::Fitter::stop_when). The model holds the best weights so far.
    #[error("stopped after epoch {epoch}, as asked; {}", match saved_in {
        Some(folder) => format!("its state is in {}", folder.display()),
        None => "its state was not saved".to_owned(),
    })]
    Interrupted {
        /// The last epoch, counted from 1.
        epoch: usize,
        /// The folder with the state to go on from; `None` for a fit without one.
        saved_in: Option<PathBuf>,
    },
    /// The search for a recipe was [asked to stop](crate::search::Search::stop_when).
    #[error("the search stopped, as asked; the trials that ended are in {}", saved_in.display())]
    SearchInterrupted {
        /// The folder of the trials.
        saved_in: PathBuf,
    },
    /// A file of a resumable fit, of a search or of a recipe cannot be read, written or removed.
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
    /// The eigenvalues for a ridge regression were not found.
    #[error("the eigenvalues of the {n} x {n} matrix of a ridge regression were not found: {reason}")]
    Ridge {
        /// Size of the matrix.
        n: usize,
        /// Why.
        reason: String,
    },
    /// The plan of a sweep or a file of its jobs is wrong.
    #[error(transparent)]
    Sweep(#[from] crate::sweep::SweepError),
    /// A file or folder could not be written.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
    /// A recording or split is wrong.
    #[error(transparent)]
    Data(#[from] statenet_data::Error),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] statenet_models::Error),
    /// A score or loss failed.
    #[error(transparent)]
    Metrics(#[from] statenet_metrics::Error),
    /// A fit or a prediction needs more memory than there is.
    #[error(transparent)]
    Memory(#[from] statenet_core::TooLarge),
    /// A tensor operation failed.
    #[error("{op} failed")]
    Tensor {
        /// What was being done.
        op: &'static str,
        /// Candle's error.
        #[source]
        source: candle_core::Error,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Adds to an error of Candle what was being done.
pub(crate) trait During<T> {
    fn during(self, op: &'static str) -> Result<T>;
}

impl<T> During<T> for candle_core::Result<T> {
    fn during(self, op: &'static str) -> Result<T> {
        self.map_err(|source| Error::Tensor { op, source })
    }
}
