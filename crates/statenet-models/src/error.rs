//! The errors of this crate, grouped by who must act.

use std::path::PathBuf;

use statenet_core::ShapeError;

/// What can go wrong when a model is described, built, run, saved or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller gave a tensor of another shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The caller's config holds a value that cannot be built.
    #[error("{field} is {got}, expected {expected}")]
    Config {
        /// The field, from the root of the config: `model.pipeline.core.statenet.encoder.kernel`.
        field: String,
        /// The value found.
        got: String,
        /// The values that would be allowed.
        expected: String,
    },
    /// A config text is not JSON or TOML of our form.
    #[error("{origin}: not a model config: {reason}")]
    ConfigText {
        /// The file, or `config` for a text without one.
        origin: String,
        /// The parser's message, with line and column.
        reason: String,
    },
    /// A model name that is not in the zoo, or a custom model without a registered builder.
    #[error("no model is called {name:?}, known are {}", known.join(", "))]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A file holds a weight that is NaN or infinite.
    #[error("{path}: {tensor}{index:?} is {got}, expected a finite number: the file is damaged, or its fit went wrong", path = path.display())]
    NotFinite {
        /// The file.
        path: std::path::PathBuf,
        /// The tensor's name.
        tensor: String,
        /// The first such entry.
        index: Vec<usize>,
        /// Its value.
        got: f64,
    },
    /// A streaming state lacks a tensor of this model or holds one of another shape.
    #[error("streaming state of another model: {name} is {got}, expected {expected}")]
    State {
        /// The tensor, under the name of its module.
        name: String,
        /// What the state holds.
        got: String,
        /// What the model needs.
        expected: String,
    },
    /// The model cannot run frame by frame without the heap.
    #[error("{model} has no real-time form: {reason}")]
    NoRealTime {
        /// The model's short name.
        model: String,
        /// What is missing.
        reason: String,
    },
    /// A model of your own that a stream cannot run.
    #[error("{model} has no stream: it implements neither step nor chunk")]
    NoStep {
        /// The model's short name.
        model: String,
    },
    /// Parameters to be loaded do not fit the model; nothing was changed.
    #[error("{origin}: parameters of another model: {problem}")]
    Parameters {
        /// The file or source of the parameters.
        origin: String,
        /// The first few names that are missing, unknown or of another shape.
        problem: String,
    },
    /// A parameter was asked for under a name that is already taken.
    #[error("two parameters are called {name}")]
    DuplicateParameter {
        /// The name.
        name: String,
    },
    /// A checkpoint's file is missing, unreadable or damaged.
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
    /// A model or its rates need more memory than there is.
    #[error(transparent)]
    Memory(#[from] statenet_core::TooLarge),
    /// A file or folder could not be written.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
    /// A fused operation refused its input or failed.
    #[error(transparent)]
    Kernel(#[from] statenet_kernels::Error),
    /// Candle failed in an operation of ours.
    #[error("{op} failed")]
    Tensor {
        /// The operation.
        op: &'static str,
        /// Candle's answer.
        #[source]
        source: candle_core::Error,
    },
    /// A user's own model failed.
    #[error("model {name} failed")]
    Custom {
        /// The model's name.
        name: String,
        /// Its error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A model broke a law that every model must obey.
    #[error("broken law: {law}: {what}")]
    Law {
        /// The law.
        law: &'static str,
        /// Where it is broken, and by how much.
        what: String,
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

/// A config error: field, value, allowed range.
pub(crate) fn config_error(field: &str, got: impl ToString, expected: impl Into<String>) -> Error {
    Error::Config { field: field.to_owned(), got: got.to_string(), expected: expected.into() }
}
