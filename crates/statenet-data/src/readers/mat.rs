//! Variables of a MATLAB file by name: responses in bins, and cochleagrams if there are any.
//!
//! Files of version 5 are read always, those of version 7.3, which are HDF5, with the feature `formats`.
//!
//! ```no_run
//! use statenet_data::{Binning, readers::{ArrayOptions, NamedArrays, mat}};
//!
//! for variable in mat::list("session.mat")? {
//!     println!("{variable}"); // spk (16x104000 double)
//! }
//! let options = NamedArrays {
//!     responses: Some("spk".into()),
//!     stimuli: Some("stim".into()),
//!     arrays: ArrayOptions { axes: Some("nt,ft".into()), trial_bins: Some(100), shift_ms: 20.0, ..ArrayOptions::default() },
//! };
//! let recording = mat::read("session.mat", &options)?.bin(&Binning::default())?;
//! # Ok::<(), statenet_data::Error>(())
//! ```

use std::path::Path;

use ndarray::{ArrayD, Axis};
use statenet_core::Need;

use super::{
    NamedArrays,
    arrays::bytes,
    hdf5,
    mat73::{self, Mat73},
    raw_of_arrays,
};
use crate::{
    error::{Error, Result},
    formats::{
        FormatError,
        mat5::{self, MatArray, Selection, Variable},
    },
    raw::RawRecording,
};

/// The variables of a file, with shapes and classes.
///
/// # Errors
/// [`Error::Io`]; [`Error::ArrayFile`] for what is no MATLAB file, and for a file of version 7.3 if the feature `formats` was not built.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<Variable>> {
    let path = path.as_ref();
    if is_version_73(path)? {
        return Mat73::open(path)?.list(path);
    }
    mat5::list(&bytes(path)?).map_err(|source| in_file(path, "the variables", source))
}

/// Reads responses, and cochleagrams if a variable is named for them. A field of a struct is named `data.spikes`. A cell array, or a field of
/// several structs, has an array for each stimulus.
///
/// An axis of length 1 that MATLAB adds or leaves out is left out or added as the letters of the axes need it.
///
/// # Errors
/// [`Error::NoVariable`], which lists what the file holds, if none is named for the responses; [`Error::ArrayFile`] for a damaged file, for
/// a variable that is not there or holds no real numbers; those of [`raw_of_arrays`]; [`Error::Io`].
pub fn read(path: impl AsRef<Path>, options: &NamedArrays) -> Result<RawRecording> {
    let path = path.as_ref();
    let (of_responses, of_stimuli) = options.arrays.letters();
    let Some(responses) = &options.responses else {
        let found = list(path)?.iter().map(ToString::to_string).collect();
        return Err(Error::NoVariable {
            path: path.to_path_buf(),
            what: "the responses (--responses)",
            found,
        });
    };
    let content = if is_version_73(path)? {
        Content::Version73(Mat73::open(path)?)
    } else {
        Content::Version5(bytes(path)?)
    };
    let responses = content.arrays(responses, of_responses).map_err(|e| in_file(path, "responses", e))?;
    let stimuli = match &options.stimuli {
        Some(stimuli) => Some(content.arrays(stimuli, of_stimuli).map_err(|e| in_file(path, "stimuli", e))?),
        None => None,
    };
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    raw_of_arrays(&name, responses, stimuli, &options.arrays)
}

/// The content of a file.
enum Content {
    Version5(Vec<u8>),
    Version73(Mat73),
}

impl Content {
    fn arrays(&self, variable: &str, letters: Option<&str>) -> Result<Vec<ArrayD<f32>>, FormatError> {
        match self {
            Self::Version5(content) => arrays(content, variable, letters),
            Self::Version73(file) => Ok(vec![with_axes(file.array(variable)?, letters)]),
        }
    }
}

fn is_version_73(path: &Path) -> Result<bool> {
    Ok(mat73::is_one(&hdf5::start(path, 2 * mat73::HEADER as u64)?))
}

fn in_file(path: &Path, array: &'static str, source: FormatError) -> Error {
    Error::ArrayFile { path: path.to_path_buf(), array, source }
}

/// The arrays of a variable, or of a field in it, with as many axes as there are letters.
fn arrays(content: &[u8], variable: &str, letters: Option<&str>) -> Result<Vec<ArrayD<f32>>, FormatError> {
    let mut names = variable.split('.');
    let whole = mat5::read(content, names.next().unwrap_or(variable))?;
    let selected = match whole.select(names) {
        Ok(Selection::One(array)) => vec![array],
        Ok(Selection::Many(arrays)) => arrays,
        Err(got) => {
            let expected = "a struct with the field that is named";
            return Err(FormatError::Matlab { place: variable.to_owned(), got, expected });
        }
    };
    let place = |got: String, expected| FormatError::Matlab { place: variable.to_owned(), got, expected };
    let numbers = |array: &MatArray| {
        Need::of_values(array.shape(), 8).ensure(
            format!("{variable}, {}", array.described()),
            "use a machine with more memory, or save fewer neurons or shorter stimuli",
        )?;
        match array.to_array() {
            Ok(values) => Ok(with_axes(values, letters)),
            Err(FormatError::MatlabClass { got, expected }) => Err(place(got, expected)),
            Err(other) => Err(other),
        }
    };
    selected.into_iter().map(numbers).collect()
}

/// The array with as many axes as there are letters, if it differs by axes of length 1 that MATLAB adds to vectors or leaves out at the end.
fn with_axes(mut values: ArrayD<f32>, letters: Option<&str>) -> ArrayD<f32> {
    let Some(letters) = letters else { return values };
    // An axis of time is never left out: it would have one bin.
    while letters.chars().nth(values.ndim()).is_some_and(|letter| letter != 't') {
        let end = Axis(values.ndim());
        values = values.insert_axis(end);
    }
    while values.ndim() > letters.chars().count() {
        let Some(single) = values.shape().iter().position(|&n| n == 1) else { break };
        values = values.remove_axis(Axis(single));
    }
    values
}
