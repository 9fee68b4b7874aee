//! The errors of this crate.

use statenet_core::ShapeError;

/// What can go wrong in a report: arrays that do not fit together, a file that cannot be written.
///
/// Drawing itself cannot fail: missing numbers are gaps, and a figure without data says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has another shape than the figure needs.
    #[error("figure {figure:?}: {source}")]
    Shape {
        /// Title of the figure.
        figure: String,
        /// Both shapes.
        #[source]
        source: ShapeError,
    },
    /// Band centres do not rise from band to band.
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
    /// A table row has another number of cells than the table has columns.
    #[error("row {row} of the table has {got} cells, expected {expected}, one per column")]
    RowLength {
        /// The row, counted from 0.
        row: usize,
        /// Cells found.
        got: usize,
        /// Columns of the table.
        expected: usize,
    },
    /// A figure or page could not be written.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
