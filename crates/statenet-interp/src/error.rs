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
    /// The model refused.
    #[error(transparent)]
    Model(#[from] statenet_models::Error),
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
