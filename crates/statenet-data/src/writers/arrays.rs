//! Single arrays to files.

use std::path::Path;

use ndarray::ArrayView2;
use statenet_core::atomic;

use crate::{
    error::{Error, Result},
    formats::npy,
};

/// Writes a two-dimensional array such as a prediction `(N, T)` as an npy file of f32, row-major, whole or not at all.
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
pub fn write_npy_2d(path: &Path, array: ArrayView2<'_, f32>) -> Result<()> {
    let array = array.as_standard_layout();
    let bytes = npy::encode(array.view()).map_err(|source| Error::Encode {
        path: path.to_path_buf(),
        what: "an array",
        source: Box::new(source),
    })?;
    Ok(atomic::write_file(path, |writer| writer.write_all(&bytes))?)
}
