//! HDF5 without the feature `formats`: every attempt to open a file is an error that names it.

use std::fs::File;

use ndarray::ArrayD;

use super::{Listed, Members};
use crate::formats::FormatError;

/// An open HDF5 file; there is none without the feature `formats`.
pub enum Hdf5 {}

impl Hdf5 {
    /// An error.
    ///
    /// # Errors
    /// [`FormatError::NotBuilt`].
    pub fn parse(_bytes: Vec<u8>) -> Result<Self, FormatError> {
        Err(FormatError::NotBuilt { what: "HDF5" })
    }

    /// An error.
    ///
    /// # Errors
    /// [`FormatError::NotBuilt`].
    pub fn from_file(_file: File) -> Result<Self, FormatError> {
        Err(FormatError::NotBuilt { what: "HDF5" })
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn members(&self, _group: &str) -> Result<Members, FormatError> {
        match *self {}
    }

    /// Never called.
    #[must_use]
    pub fn has(&self, _path: &str) -> bool {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn list(&self) -> Result<Vec<Listed>, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn numbers(&self, _path: &str) -> Result<ArrayD<f64>, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn indices(&self, _path: &str) -> Result<Vec<u64>, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn texts(&self, _path: &str) -> Result<Vec<String>, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn attribute_texts(&self, _path: &str, _name: &str) -> Result<Option<Vec<String>>, FormatError> {
        match *self {}
    }

    /// Never called.
    ///
    /// # Errors
    /// None.
    pub fn attribute_number(&self, _path: &str, _name: &str) -> Result<Option<f64>, FormatError> {
        match *self {}
    }
}
