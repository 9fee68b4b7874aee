//! MATLAB's files of version 7.3: HDF5, in which the axes of arrays are in the opposite order.

use std::path::Path;

use ndarray::ArrayD;

use super::hdf5;
use crate::{
    error::{Error, Result},
    formats::{
        FormatError,
        hdf5::{Hdf5, is_hdf5},
        mat5::{Class, Variable},
    },
};

/// Bytes of the header that MATLAB puts before the HDF5 file.
pub(super) const HEADER: usize = 512;

/// Whether a file, of which the first bytes are given, is one.
pub(super) fn is_one(start: &[u8]) -> bool {
    start.starts_with(b"MATLAB 7.3") && start.get(HEADER..).is_some_and(is_hdf5)
}

/// An open file.
pub(super) struct Mat73(Hdf5);

impl Mat73 {
    pub(super) fn open(path: &Path) -> Result<Self> {
        hdf5::open(path).map(Self)
    }

    /// The variables, those in structs as `data.spikes`.
    pub(super) fn list(&self, path: &Path) -> Result<Vec<Variable>> {
        let in_file = |source| Error::ArrayFile { path: path.to_path_buf(), array: "the variables", source };
        let listed = self.0.list().map_err(in_file)?;
        // Where MATLAB keeps what cells and objects refer to.
        let shown = listed.into_iter().filter(|dataset| !dataset.path.starts_with("/#"));
        let variable = |dataset: crate::formats::hdf5::Listed| Variable {
            name: dataset.path.trim_start_matches('/').replace('/', "."),
            class: self.class(&dataset.path).unwrap_or(if dataset.numeric {
                Class::Double
            } else {
                Class::Opaque
            }),
            shape: dataset.shape.into_iter().rev().collect(),
        };
        Ok(shown.map(variable).collect())
    }

    /// An array of numbers.
    pub(super) fn array(&self, variable: &str) -> Result<ArrayD<f32>, FormatError> {
        let path = variable.replace('.', "/");
        let wrong = |got: &str, expected| FormatError::Hdf5Object {
            inside: variable.to_owned(),
            got: got.to_owned(),
            expected,
        };
        match self.class(&path) {
            Some(class @ (Class::Cell | Class::Char)) => {
                return Err(wrong(
                    class.name(),
                    "an array of numbers: of a file of version 7.3 no cells are read, save it with -v7",
                ));
            }
            _ if self.0.attribute_number(&path, "MATLAB_empty").ok().flatten() == Some(1.0) => {
                return Err(wrong("an empty array", "an array of numbers"));
            }
            _ => {}
        }
        Ok(hdf5::numbers(&self.0, &path)?.reversed_axes())
    }

    fn class(&self, path: &str) -> Option<Class> {
        let text = self.0.attribute_texts(path, "MATLAB_class").ok()??.into_iter().next()?;
        Class::of_name(&text)
    }
}
