//! The errors of this crate.

/// What can go wrong when a model is interpreted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A tensor or array has the wrong shape.
    #[error(transparent)]
    Shape(#[from] statenet_core::ShapeError),
    /// The model has no neuron or hidden unit of that index.
    #[error("{what} is {got}, expected an index below {n}")]
    OutOfRange {
        /// `neuron` or `hidden unit`.
        what: &'static str,
        /// The index asked for.
        got: usize,
        /// How many the model has.
        n: usize,
    },
    /// A population or one side of a contrast lists no neuron.
    #[error("the target lists no neuron, expected at least one")]
    EmptyTarget,
    /// The model's streaming state has no tensor of that name.
    #[error("the model's state has no tensor {entry}, known are {}", known.join(", "))]
    UnknownEntry {
        /// The name asked for.
        entry: String,
        /// The names of the tensors in the state.
        known: Vec<String>,
    },
    /// None of the model's parameters is a receptive field.
    #[error("{model} has no receptive field among its parameters, use a gradient map")]
    NoReceptiveField {
        /// The model's short name.
        model: String,
    },
    /// An operation between stimulus and rates has no backward pass, or detaches its result.
    #[error("the gradient of the rates of {model} does not reach the stimulus")]
    NoGradient {
        /// The model's short name.
        model: String,
    },
    /// The singular values of an array were not found: it holds numbers that are not finite.
    #[error("{what} cannot be decomposed, expected finite numbers")]
    Decomposition {
        /// The array.
        what: &'static str,
    },
    /// A dream of a hidden unit asked for its mean over all bins, but only its last value is known.
    #[error("when is All for a hidden unit, expected Last")]
    SustainedHidden,
    /// A band lies above half the sample rate.
    #[error("band centre is {hz} Hz, expected below {below} Hz, half the sample rate")]
    BandCenter {
        /// The band's centre frequency.
        hz: f64,
        /// Half the sample rate.
        below: f64,
    },
    /// The result needs more memory than there is.
    #[error(transparent)]
    Memory(#[from] statenet_core::TooLarge),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] statenet_models::Error),
    /// A setting is out of range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        got: String,
        /// The values allowed.
        expected: String,
    },
    /// The eigenvalues of a Jacobian were not found: it holds numbers that are not finite, or the iteration failed.
    #[error("the eigenvalues of the {n} x {n} Jacobian of the state were not found")]
    Eigenvalues {
        /// Numbers in the recurrent tensors of the state.
        n: usize,
    },
    /// The front end failed on a sound of an experiment.
    #[error("the front end failed")]
    FrontEnd {
        /// The front end's own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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

/// A setting that is out of range: `lags is 5, expected 1 to 4`.
pub(crate) fn out_of_range(setting: &'static str, got: impl ToString, expected: impl Into<String>) -> Error {
    Error::Setting { setting, got: got.to_string(), expected: expected.into() }
}

/// Adds to an error of Candle what was being done.
pub(crate) trait During<T> {
    fn during(self, op: &'static str) -> Result<T>;
}

impl<T> During<T> for candle_core::Result<T> {
    fn during(self, op: &'static str) -> Result<T> {
        self.map_err(|source| Error::Tensor { op, source })
    }
}
