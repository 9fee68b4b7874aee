//! The errors of this crate. A score that is undefined for the data is not an error, see
//! [`Undefined`](crate::Undefined).

use statenet_core::ShapeError;

/// What can go wrong when scores are computed: a wrong shape, count or option.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has the wrong shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// There is no stimulus.
    #[error("number of stimuli is 0, expected at least one")]
    NoStimulus,
    /// The stimuli have different numbers of neurons.
    #[error("stimulus {stimulus} has {got} neurons, expected {expected} as the first has")]
    NeuronCount {
        /// Index of the stimulus.
        stimulus: usize,
        /// Its number of neurons.
        got: usize,
        /// The number of neurons of stimulus 0.
        expected: usize,
    },
    /// A list has the wrong length.
    #[error("{list} has {got} entries, expected {expected}, one per {per}")]
    Count {
        /// The name of the list.
        list: &'static str,
        /// The length found.
        got: usize,
        /// The expected length.
        expected: usize,
        /// What each entry stands for.
        per: &'static str,
    },
    /// Two neurons have the same id, so that their scores could not be distinguished.
    #[error("neuron id {id:?} occurs twice, expected unique ids")]
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
    /// A loss was given tensors of different shapes, types or devices, or failed on its device.
    #[error("the {loss} loss cannot be computed")]
    Loss {
        /// The name of the loss.
        loss: &'static str,
        /// Which argument is wrong and why.
        #[source]
        source: Box<statenet_kernels::Error>,
    },
    /// A loss lacks the number of each neuron that it takes, or was given one that it does not take.
    #[error("the {loss} loss {}", match .takes {
        Some(takes) => format!("needs {takes}, a number of each neuron"),
        None => "takes no number of each neuron".to_owned(),
    })]
    Spread {
        /// The name of the loss.
        loss: &'static str,
        /// What it takes.
        takes: Option<&'static str>,
    },
    /// A penalty failed on its device, or was given an axis that is not there.
    #[error("the penalty {penalty} cannot be computed")]
    Penalty {
        /// The name of the penalty.
        penalty: &'static str,
        /// The cause.
        #[source]
        source: Box<candle_core::Error>,
    },
    /// There is no loss of that name.
    #[error("loss is {name:?}, expected mse, poisson, correlation, gaussian or negative_binomial")]
    UnknownLoss {
        /// The name asked for.
        name: String,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
