//! The errors of this crate.

/// What can go wrong when a model is interpreted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller gave a tensor of another shape.
    #[error(transparent)]
    Shape(#[from] statenet_core::ShapeError),
    /// A neuron or bin that does not exist was asked for.
    #[error("{what} {got} does not exist, there are {n}")]
    OutOfRange {
        /// Neuron, bin, band.
        what: &'static str,
        /// The index asked for.
        got: usize,
        /// How many there are.
        n: usize,
    },
    /// A population or a side of a contrast is empty.
    #[error("a target has no neurons, expected at least one")]
    EmptyTarget,
    /// The model's state has no tensor of that name.
    #[error("the model remembers no {entry}, but {known:?}")]
    UnknownEntry {
        /// The name asked for.
        entry: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The model has no receptive field among its parameters.
    #[error("{model} has no receptive field of its own, take a gradient map")]
    NoReceptiveField {
        /// The model's short name.
        model: String,
    },
    /// The rates do not depend on the stimulus through Candle's graph: an operation without a gradient lies between.
    #[error("the rates of {model} have no gradient with respect to the stimulus")]
    NoGradient {
        /// The model's short name.
        model: String,
    },
    /// A singular value decomposition was asked for of numbers that are not finite.
    #[error("{what} cannot be decomposed, expected finite numbers")]
    Decomposition {
        /// The array.
        what: &'static str,
    },
    /// Hidden units are known at the end of a sound only.
    #[error("a hidden unit has no response at all bins, expected When::Last")]
    SustainedHidden,
    /// A penalty or an energy that makes no sense.
    #[error("weight of {constraint} is {got}, expected a finite number above 0")]
    Weight {
        /// The constraint.
        constraint: &'static str,
        /// Its weight.
        got: f64,
    },
    /// A band above half the sample rate.
    #[error("a band at {hz} Hz cannot be heard, expected one below {below} Hz")]
    BandCenter {
        /// Its centre.
        hz: f64,
        /// Half the sample rate.
        below: f64,
    },
    /// The model refused.
    #[error(transparent)]
    Model(#[from] statenet_models::Error),
    /// A setting is out of range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// Its value.
        got: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The eigenvalues of a Jacobian were not found: it has entries that are not finite, or the iteration failed.
    #[error("the eigenvalues of a Jacobian of {n} entries of the state were not found")]
    Eigenvalues {
        /// Entries of the state.
        n: usize,
    },
    /// The front end given failed on a sound of an experiment.
    #[error("the front end failed")]
    FrontEnd {
        /// Its own error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
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
