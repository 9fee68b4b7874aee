//! The errors of this crate.

use std::path::PathBuf;

use crate::{budget::TooLarge, shape::ShapeError};

/// What can go wrong in this crate: a number out of range, a wrong shape, a file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A number is outside the range of its unit.
    #[error("{quantity} is {got}, expected {expected}")]
    OutOfRange {
        /// The quantity.
        quantity: &'static str,
        /// The value found.
        got: f64,
        /// The allowed range, in words.
        expected: &'static str,
    },
    /// A time bin is no whole number of samples.
    #[error(
        "a bin of {dt_ms} ms at {rate_hz} Hz has {samples} samples, expected a whole number from 1 to 1000000: resample the sound, or choose another dt"
    )]
    Sampling {
        /// Samples per second.
        rate_hz: f64,
        /// The width of a bin, ms.
        dt_ms: f64,
        /// Samples of a bin.
        samples: f64,
    },
    /// Axes of a cochleagram were given where those of sound belong.
    #[error(
        "the axes have {n_bands} frequencies of bands, expected none: a model that hears takes sound, whose axes have the samples of a bin in place of bands"
    )]
    NotSound {
        /// How many frequencies there are.
        n_bands: usize,
    },
    /// A text is not the unit of responses.
    #[error("unit of responses is {got}, expected {expected}")]
    ResponseUnit {
        /// The text, shortened.
        got: String,
        /// What to write, in words.
        expected: &'static str,
    },
    /// An array has the wrong shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Something needs more memory than there is.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// A file or folder could not be written, flushed, renamed or removed.
    #[error("{path}: cannot {action}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// The destination is a folder that was not written by this library, and is therefore not replaced.
    #[error("{path}: exists and was not written by statenet, choose another folder", path = path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
