//! The errors of operations, and how they convert to and from Candle's.

use std::fmt;

use candle_core::{DType, DeviceLocation};

/// This crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation was refused or failed. Every variant names the operation.
///
/// The caller can repair all but [`Error::Tensor`]. `?` converts an error into Candle's own ([`From`]);
/// [`Error::in_op`] converts one of Candle's, which does not say where it happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument has the wrong rank or size.
    #[error("{op}: {argument} has shape {got}, expected {expected}")]
    Shape {
        /// The operation.
        op: &'static str,
        /// The argument at fault, by its name in the signature.
        argument: &'static str,
        /// Its shape.
        got: Dims,
        /// The shape that would be right; `_` is a free size.
        expected: Dims,
    },
    /// An argument has a dtype that the operation does not compute with.
    #[error("{op}: {argument} has dtype {got:?}, expected {expected}")]
    DType {
        /// The operation.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// Its dtype.
        got: DType,
        /// The dtypes that would be right.
        expected: &'static str,
    },
    /// A number is out of range.
    #[error("{op}: {argument} is {got}, expected {expected}")]
    Range {
        /// The operation.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// Its value.
        got: f64,
        /// The range that would be right.
        expected: &'static str,
    },
    /// The arguments do not lie on one device.
    #[error("{op}: {argument} lies on {got:?}, expected {expected:?}, where the first argument lies")]
    Device {
        /// The operation.
        op: &'static str,
        /// The argument at fault.
        argument: &'static str,
        /// Where it lies.
        got: DeviceLocation,
        /// Where the first argument lies.
        expected: DeviceLocation,
    },
    /// Candle failed inside the operation.
    #[error("{op}: a tensor operation failed")]
    Tensor {
        /// The operation.
        op: &'static str,
        /// Candle's error.
        #[source]
        source: Box<candle_core::Error>,
    },
}

impl Error {
    /// Turns Candle's error into ours by adding the operation's name: `.map_err(Error::in_op("gru"))`.
    pub fn in_op(op: &'static str) -> impl Fn(candle_core::Error) -> Self {
        move |source| Self::Tensor { op, source: Box::new(source) }
    }

    /// The operation in which it happened.
    #[must_use]
    pub fn op(&self) -> &'static str {
        match self {
            Self::Shape { op, .. }
            | Self::DType { op, .. }
            | Self::Range { op, .. }
            | Self::Device { op, .. }
            | Self::Tensor { op, .. } => op,
        }
    }
}

impl From<Error> for candle_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Tensor { op, source } => source.context(op),
            other => Self::wrap(other),
        }
    }
}

/// A shape in a message; a size that may be anything is `None` and prints as `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dims(pub Vec<Option<usize>>);

impl From<&[usize]> for Dims {
    fn from(dims: &[usize]) -> Self {
        Self(dims.iter().copied().map(Some).collect())
    }
}

impl fmt::Display for Dims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, dim) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match dim {
                Some(dim) => write!(f, "{dim}")?,
                None => f.write_str("_")?,
            }
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_argument_and_both_shapes() {
        let error = Error::Shape {
            op: "gru",
            argument: "weight_hh",
            got: Dims::from([6, 3].as_slice()),
            expected: Dims(vec![Some(6), None]),
        };
        assert_eq!(error.to_string(), "gru: weight_hh has shape (6, 3), expected (6, _)");
        assert_eq!(error.op(), "gru");
        let candle: candle_core::Error = error.into();
        assert!(candle.to_string().contains("weight_hh has shape (6, 3)"));
    }

    #[test]
    fn a_tensor_error_carries_the_operation_both_ways() {
        let source = candle_core::Error::Msg("no such thing".into());
        let error = Error::in_op("affine")(source);
        assert_eq!(error.to_string(), "affine: a tensor operation failed");
        let back: candle_core::Error = error.into();
        let text = back.to_string();
        assert!(text.contains("affine") && text.contains("no such thing"), "{text}");
    }

    #[test]
    fn the_error_crosses_threads() {
        fn assert_send<T: Send + Sync + 'static>() {}
        assert_send::<Error>();
    }
}
