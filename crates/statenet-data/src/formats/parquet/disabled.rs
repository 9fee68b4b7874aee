//! Parquet without the feature `formats`: every attempt to open a file is an error that names it.

use super::{Cell, Column};
use crate::formats::FormatError;

/// An open Parquet file; there is none without the feature `formats`.
pub enum Parquet {}

/// The rows of a file; there are none without the feature `formats`.
pub struct Batches(());

/// Some rows of a file; there are none without the feature `formats`.
pub struct Batch(());

impl Parquet {
    /// An error.
    ///
    /// # Errors
    /// [`FormatError::NotBuilt`].
    pub fn parse(_bytes: Vec<u8>) -> Result<Self, FormatError> {
        Err(FormatError::NotBuilt { what: "Parquet" })
    }

    /// Never called.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn n_rows(&self) -> Result<usize, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn batches(&self, _columns: &[usize]) -> Result<Batches, FormatError> {
        match *self {}
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}

impl Batch {
    /// 0.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        0
    }

    /// None.
    #[must_use]
    pub fn cell(&self, _column: usize, _row: usize) -> Cell<'_> {
        Cell::Missing
    }
}
