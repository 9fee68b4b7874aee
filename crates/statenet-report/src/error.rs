//! The errors of this crate.

use statenet_core::ShapeError;

/// What can go wrong in a report: arrays of the wrong shape, or a file that cannot be written.
///
/// Drawing itself cannot fail: missing numbers are gaps, and a figure without data shows the text "no data".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has the wrong shape for the figure.
    #[error("figure {figure:?}: {source}")]
    Shape {
        /// Title of the figure.
        figure: String,
        /// The shape found and the expected shape.
        #[source]
        source: ShapeError,
    },
    /// Band centres are not increasing.
    #[error(
        "figure {figure:?}: centre of band {band} is {got} Hz, expected more than {previous} Hz, that of the band below"
    )]
    BandOrder {
        /// Title of the figure.
        figure: String,
        /// The band, counted from 0.
        band: usize,
        /// Its centre, Hz.
        got: f64,
        /// The centre of the band below, Hz.
        previous: f64,
    },
    /// The number of cells in a row is not the number of columns of the table.
    #[error("row {row} of the table has {got} cells, expected {expected}, one per column")]
    RowLength {
        /// The row, counted from 0.
        row: usize,
        /// The number of cells in the row.
        got: usize,
        /// The number of columns of the table.
        expected: usize,
    },
    /// A figure or page could not be written.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
