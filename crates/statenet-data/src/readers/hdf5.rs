//! Datasets of an HDF5 file by path: responses in bins, and cochleagrams if there are any. Needs the feature `formats`.
//!
//! MATLAB's files of version 7.3 are HDF5 files too, with axes in the opposite order: [`mat`](super::mat) reads them.

use std::{fs::File, io::Read, path::Path};

use ndarray::ArrayD;

use super::{NamedArrays, raw_of_arrays};
use crate::{
    error::{Error, Result},
    formats::{
        FormatError,
        hdf5::{Hdf5, Listed, is_hdf5},
    },
    raw::RawRecording,
};

/// The datasets of a file, with their shapes.
///
/// # Errors
/// [`Error::Io`]; [`Error::ArrayFile`] for what is no HDF5 file, and if the feature `formats` was not built.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<Listed>> {
    let path = path.as_ref();
    open(path)?.list().map_err(|source| in_file(path, "the datasets", source))
}

/// Reads responses, and cochleagrams if a dataset is named for them, such as `session/spikes`. Axes are in the order in which h5py and other
/// readers show them.
///
/// # Errors
/// [`Error::NoVariable`], which lists what the file holds, if none is named for the responses; [`Error::ArrayFile`] for a damaged file, for a
/// dataset that is not there or holds no numbers, and if the feature `formats` was not built; those of [`raw_of_arrays`]; [`Error::Io`].
pub fn read(path: impl AsRef<Path>, options: &NamedArrays) -> Result<RawRecording> {
    let path = path.as_ref();
    let file = open(path)?;
    let Some(responses) = &options.responses else {
        let found = file.list().map_err(|source| in_file(path, "the datasets", source))?;
        let found = found.iter().map(ToString::to_string).collect();
        return Err(Error::NoVariable {
            path: path.to_path_buf(),
            what: "the responses (--responses)",
            found,
        });
    };
    let array =
        |dataset: &String, what| numbers(&file, dataset).map_err(|source| in_file(path, what, source));
    let responses = array(responses, "responses")?;
    let stimuli = options.stimuli.as_ref().map(|dataset| array(dataset, "stimuli")).transpose()?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    raw_of_arrays(&name, vec![responses], stimuli.map(|array| vec![array]), &options.arrays)
}

/// Whether a file begins as HDF5 files do.
pub(super) fn is_one(path: &Path) -> Result<bool> {
    Ok(is_hdf5(&start(path, 8)?))
}

/// The first bytes of a file, so many if it has them.
pub(super) fn start(path: &Path, n: u64) -> Result<Vec<u8>> {
    let failed = |source| Error::Io { path: path.to_path_buf(), action: "read the file", source };
    let mut start = Vec::new();
    File::open(path).map_err(failed)?.take(n).read_to_end(&mut start).map_err(failed)?;
    Ok(start)
}

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<Hdf5> {
    let file = File::open(path);
    let file =
        file.map_err(|source| Error::Io { path: path.to_path_buf(), action: "open the file", source })?;
    Hdf5::from_file(file).map_err(|source| in_file(path, "the file", source))
}

/// A dataset of numbers.
pub(super) fn numbers(file: &Hdf5, dataset: &str) -> Result<ArrayD<f32>, FormatError> {
    Ok(file.numbers(dataset)?.mapv(|value| value as f32))
}

fn in_file(path: &Path, array: &'static str, source: FormatError) -> Error {
    Error::ArrayFile { path: path.to_path_buf(), array, source }
}
