//! Parquet files: the rows of columns of numbers and texts. Needs the feature `formats`.
//!
//! Files as pandas, pyarrow and polars write them by default: plain or dictionary pages, not compressed or by snappy or zstd.

#[cfg(not(feature = "formats"))]
mod disabled;
#[cfg(feature = "formats")]
mod enabled;
#[cfg(feature = "formats")]
mod pages;

#[cfg(not(feature = "formats"))]
pub use disabled::{Batch, Batches, Parquet};
#[cfg(feature = "formats")]
pub use enabled::{Batch, Batches, Parquet};

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name; of a field in a struct, with a dot between the parts.
    pub name: String,
    /// What it holds, if it is not read: lists, times of day, decimals, truth values.
    pub unread: Option<&'static str>,
}

/// A cell of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Null.
    Missing,
    /// A whole number of any width, with or without a sign.
    Whole(i128),
    /// A real number.
    Real(f64),
    /// A text, UTF-8 in most files.
    Text(&'a [u8]),
}

/// Whether bytes begin like a Parquet file.
#[must_use]
pub fn is_parquet(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PAR1")
}
