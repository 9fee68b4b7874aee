//! Writes single arrays to files.

use std::path::Path;

use ndarray::{ArrayView2, ArrayViewD};
use statenet_core::atomic;

use crate::{
    error::{Error, Result},
    formats::{FormatError, npy, npz},
};

/// Writes a two-dimensional array such as a prediction `(N, T)` as an npy file of f32 in row-major order. The write is
/// atomic.
///
/// ```
/// use ndarray::array;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("predictions/ridge/nat18.npy");
/// statenet_data::write_npy_2d(&path, array![[0.5, 1.0]].view())?;
/// assert_eq!(statenet_data::read_npy_2d(&path, "rate")?, array![[0.5, 1.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Write`] if the file cannot be written.
pub fn write_npy_2d(path: impl AsRef<Path>, array: ArrayView2<'_, f32>) -> Result<()> {
    let path = path.as_ref();
    write(path, npy::encode(array.as_standard_layout().view()))
}

/// Writes arrays of any shape as an npz file of f32 arrays in row-major order. The write is atomic.
///
/// ```
/// use ndarray::array;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("maps/u01.npz");
/// let map = array![[0.5, 1.0]].into_dyn();
/// statenet_data::write_npz(&path, &[("gradmap", map.view())])?;
/// assert!(path.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Write`] if the file cannot be written.
pub fn write_npz(path: impl AsRef<Path>, arrays: &[(&str, ArrayViewD<'_, f64>)]) -> Result<()> {
    let path = path.as_ref();
    let encoded = || {
        let mut all = Vec::with_capacity(arrays.len());
        for (name, array) in arrays {
            let single = array.mapv(|x| x as f32);
            all.push((*name, npy::encode(single.as_standard_layout().view())?));
        }
        npz::encode(&all)
    };
    write(path, encoded())
}

fn write(path: &Path, bytes: Result<Vec<u8>, FormatError>) -> Result<()> {
    let bytes = bytes.map_err(|source| Error::Encode {
        path: path.to_path_buf(),
        what: "an array",
        source: Box::new(source),
    })?;
    Ok(atomic::write_file(path, |writer| writer.write_all(&bytes))?)
}
