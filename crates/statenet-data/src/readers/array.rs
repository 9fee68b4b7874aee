//! Arrays of NumPy: responses, and cochleagrams if there are any, in npy files or in one npz file; or datasets of an
//! [HDF5 file](super::hdf5) by path. [`with_sounds`](super::with_sounds) gives
//! them sounds in place of cochleagrams.

use std::path::Path;

use ndarray::ArrayD;

use super::{
    arrays::bytes,
    hdf5,
    of_arrays::{NamedArrays, raw_of_arrays},
    table::name_of,
};
use crate::{
    error::{Error, Result},
    formats::{FormatError, npy, npz},
    raw::RawRecording,
};

/// Reads an npz file, an npy file of responses, a folder of npy files, or an HDF5 file, which is known by its first bytes. Arrays are named as
/// in the npz file, or as the npy file in the folder; a single one need not be named.
///
/// # Errors
/// [`Error::NoVariable`], which lists the arrays, if there are several and none is named; [`Error::ArrayFile`] for one that is not there or
/// cannot be read; those of [`raw_of_arrays`]; [`Error::Io`].
pub fn read(path: impl AsRef<Path>, options: &NamedArrays) -> Result<RawRecording> {
    let path = path.as_ref();
    if path.is_file() && hdf5::is_one(path)? {
        return hdf5::read(path, options);
    }
    let source = Arrays::of(path)?;
    let responses = match &options.responses {
        Some(name) => source.read(name)?,
        None => source.only()?,
    };
    let cochleagrams = options.stimuli.as_ref().map(|name| source.read(name)).transpose()?;
    let name = match path.is_dir() {
        true => name_of(path),
        false => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    };
    raw_of_arrays(&name, vec![responses], cochleagrams.map(|array| vec![array]), &options.arrays)
}

/// Where arrays are.
enum Arrays<'a> {
    /// In an npz file, with these names.
    Npz(&'a Path, Vec<u8>, Vec<String>),
    /// An npy file.
    Npy(&'a Path),
    /// A folder of npy files.
    Folder(&'a Path, Vec<String>),
}

impl<'a> Arrays<'a> {
    fn of(path: &'a Path) -> Result<Self> {
        if path.is_dir() {
            let files = super::sound_folder::files_with(path, &["npy"], "list the arrays")?;
            return Ok(Self::Folder(path, files.into_keys().collect()));
        }
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz")) {
            let content = bytes(path)?;
            let names = npz::names(&content).map_err(|source| in_file(path, source))?;
            return Ok(Self::Npz(path, content, names));
        }
        Ok(Self::Npy(path))
    }

    /// The only array.
    fn only(&self) -> Result<ArrayD<f32>> {
        match self {
            Self::Npy(_) => self.read(""),
            Self::Npz(path, _, names) | Self::Folder(path, names) => match names.as_slice() {
                [only] => self.read(only),
                names => Err(Error::NoVariable {
                    path: path.to_path_buf(),
                    what: "the responses (--responses)",
                    found: names.to_vec(),
                }),
            },
        }
    }

    fn read(&self, name: &str) -> Result<ArrayD<f32>> {
        let parsed = match self {
            Self::Npz(path, content, _) => npz::parse(content, name).map_err(|source| in_file(path, source)),
            Self::Npy(path) => npy::parse(&bytes(path)?).map_err(|source| in_file(path, source)),
            Self::Folder(folder, _) => {
                let path = folder.join(format!("{}.npy", name.strip_suffix(".npy").unwrap_or(name)));
                npy::parse(&bytes(&path)?).map_err(|source| in_file(&path, source))
            }
        };
        parsed.map(|(_, values)| values)
    }
}

fn in_file(path: &Path, source: FormatError) -> Error {
    Error::ArrayFile { path: path.to_path_buf(), array: "an array", source }
}
