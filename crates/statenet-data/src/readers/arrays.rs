//! Reads single arrays from files.

use std::{fs, path::Path};

use ndarray::{Array2, Array3, ArrayD, Axis, Ix2, Ix3};
use statenet_core::Need;

use crate::{
    error::{Error, Place, Result},
    formats::{FormatError, npy},
    recording::checked_cochleagram,
};

/// Reads a two-dimensional npy file of numbers, such as a prediction `(N, T)`. Any values are allowed, including NaN.
///
/// `array` is the name of the array in errors.
///
/// # Errors
/// [`Error::Io`]; [`Error::ArrayFile`] if the file is not an npy file of numbers, is truncated, or does not have two axes.
pub fn read_npy_2d(path: impl AsRef<Path>, array: &'static str) -> Result<Array2<f32>> {
    let path = path.as_ref();
    let (_, values) = npy::parse(&bytes(path)?).map_err(in_file(path, array))?;
    two_axes(values).map_err(in_file(path, array))
}

/// Reads a cochleagram `(F, T)` from an npy file of f16, f32 or f64.
///
/// # Errors
/// As [`read_npy_2d`]; [`Error::Shape`] if an axis is empty; [`Error::Value`] for NaN or infinity.
pub fn read_cochleagram(path: impl AsRef<Path>) -> Result<Array2<f32>> {
    let path = path.as_ref();
    const NAME: &str = "cochleagram";
    let (element, values) = npy::parse(&bytes(path)?).map_err(in_file(path, NAME))?;
    if !element.is_float() {
        let got = format!("{element:?}").to_lowercase();
        return Err(in_file(path, NAME)(FormatError::ElementType { got, expected: "f16, f32 or f64" }));
    }
    checked_cochleagram(two_axes(values).map_err(in_file(path, NAME))?, &Place::File(path.to_path_buf()))
}

/// `(N, R, T)`, also of counts `(N, T)`, which are one repeat.
pub(super) fn with_repeats(values: ArrayD<f32>) -> Result<Array3<f32>, FormatError> {
    let values = if values.ndim() == 2 { values.insert_axis(Axis(1)) } else { values };
    let got = values.shape().to_vec();
    let expected = "3 (neurons, repeats, bins) or 2 (neurons, bins)";
    values.into_dimensionality::<Ix3>().map_err(|_| FormatError::Axes { got, expected })
}

pub(super) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let n_bytes = fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
    Need::of_values(&[n_bytes], 1).ensure(
        format!("reading {}", path.display()),
        "use a machine with more memory, or fewer neurons or shorter stimuli",
    )?;
    fs::read(path).map_err(|source| Error::Io { path: path.to_path_buf(), action: "read", source })
}

fn two_axes(values: ArrayD<f32>) -> Result<Array2<f32>, FormatError> {
    let got = values.shape().to_vec();
    values.into_dimensionality::<Ix2>().map_err(|_| FormatError::Axes { got, expected: "2" })
}

pub(super) fn in_file(path: &Path, array: &'static str) -> impl Fn(FormatError) -> Error {
    move |source| Error::ArrayFile { path: path.to_path_buf(), array, source }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use ndarray::array;

    use super::*;

    /// Message and cause of reading a file with these bytes as a cochleagram.
    fn fault(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        fs::write(&path, bytes).unwrap();
        let error = read_cochleagram(&path).unwrap_err();
        let cause = error.source().map(|s| format!(": {s}")).unwrap_or_default();
        format!("{error}{cause}").replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn every_fault_of_a_cochleagram_names_the_file() {
        let good = npy::encode(array![[1f32, 2.0]].view()).unwrap();
        assert_eq!(
            fault(&good[..good.len() - 1]),
            "a.npy: cannot read cochleagram: truncated or too long: shape [1, 2] of <f4 needs 8 bytes, found 7"
        );
        assert_eq!(
            fault(&npy::encode(array![[1i32]].view()).unwrap()),
            "a.npy: cannot read cochleagram: dtype is i32, expected f16, f32 or f64"
        );
        assert_eq!(
            fault(&npy::encode(array![1f32].view()).unwrap()),
            "a.npy: cannot read cochleagram: has shape [1], expected 2 axes"
        );
        assert_eq!(
            fault(&npy::encode(array![[1.0, f64::NAN]].view()).unwrap()),
            "a.npy: cochleagram[0, 1] is NaN, expected a finite number"
        );
        assert_eq!(
            fault(&npy::encode(Array2::<f32>::zeros((3, 0)).view()).unwrap()),
            "a.npy: cochleagram has shape (3, 0), expected (F, T) with T of 1 or more"
        );
        let missing = read_npy_2d(Path::new("nowhere.npy"), "rate").unwrap_err();
        assert_eq!(missing.to_string(), "nowhere.npy: cannot read");
    }
}
