//! The errors of this crate: what a caller did wrong, as opposed to a score that does not exist ([`Undefined`]).
//!
//! [`Undefined`]: crate::Undefined

use statenet_core::ShapeError;

use crate::losses::Loss;

/// A call that cannot be answered: a shape, a count or an option is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has another shape than its name promises.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// There is no stimulus to score.
    #[error("no stimulus was given, expected at least one")]
    NoStimulus,
    /// The stimuli do not agree on the number of neurons.
    #[error("stimulus {stimulus} has {got} neurons, the first has {expected}")]
    NeuronCount {
        /// Index of the stimulus.
        stimulus: usize,
        /// Its neurons.
        got: usize,
        /// The neurons of stimulus 0.
        expected: usize,
    },
    /// A list has another length than what it describes.
    #[error("{list} has {got} entries, expected {expected}, one per {per}")]
    Count {
        /// The list, as the caller knows it.
        list: &'static str,
        /// Its length.
        got: usize,
        /// The right length.
        expected: usize,
        /// What each entry stands for.
        per: &'static str,
    },
    /// Two neurons have the same id, so that scores could not be told apart.
    #[error("neuron id {id:?} occurs twice, expected distinct ids")]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// An option is outside its range.
    #[error("{option} is {got}, expected {expected}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// The value found.
        got: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// A loss was given tensors that do not fit together, or failed on its device.
    #[error("the {loss} loss cannot be computed")]
    Loss {
        /// The loss.
        loss: Loss,
        /// Which argument is wrong, and how.
        #[source]
        source: Box<statenet_kernels::Error>,
    },
    /// A name stands for no loss.
    #[error("unknown loss {name:?}, expected mse or poisson")]
    UnknownLoss {
        /// The name given.
        name: String,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
