//! Reads files of responses: an array `(N, R, T)` in an npz file, or `(N, R, T)` or `(N, T)` in an npy file.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use ndarray::Array3;
use statenet_core::{Digest, Need, ResponseMask, ResponseUnit};

use super::arrays::{bytes, in_file, with_repeats};
use crate::{
    error::{Place, Result},
    formats::{npy, npy::ElementType, npz},
    recording::Responses,
};

/// The bytes of a file of responses, in which NaN means missing.
pub(crate) struct ResponseBytes {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl ResponseBytes {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Ok(Self { path: path.to_path_buf(), bytes: bytes(path)? })
    }

    /// A hash, by which a change of the file shows.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// The values of an array, and their type in the file.
    pub(crate) fn values(&self, array: &'static str) -> Result<(ElementType, Array3<f32>)> {
        let Self { path, bytes } = self;
        let parsed = if is_npz(path) { npz::parse(bytes, array) } else { npy::parse(bytes) };
        let (element, values) = parsed.map_err(in_file(path, array))?;
        let values = with_repeats(values).map_err(in_file(path, array))?;
        // The mask, twice, and the values once more: smoothed.
        let (neurons, repeats, bins) = values.dim();
        Need::of_values(&[neurons, repeats, bins], 2 + 4).ensure(
            format!("{}: {neurons} neurons x {repeats} repeats x {bins} bins of {array}", path.display()),
            "use a machine with more memory, or store fewer neurons or shorter stimuli",
        )?;
        Ok((element, values))
    }

    /// The responses in these values of the file.
    pub(crate) fn checked(&self, values: Array3<f32>, unit: &ResponseUnit) -> Result<Responses> {
        let mask = ResponseMask::from_nan(values.view());
        Responses::checked(values, &mask, unit.clone(), &Place::File(self.path.clone()))
    }

    /// The responses in a file that was checked before.
    pub(crate) fn checked_before(&self, unit: &ResponseUnit) -> Result<Responses> {
        let (element, values) = self.values(unit.array())?;
        Ok(Responses::checked_before(values, unit.clone(), !element.is_float()))
    }
}

/// How many values a file of responses holds, by its header alone; 0 if that cannot be read.
pub(super) fn n_values(path: &Path, array: &'static str) -> u64 {
    let shape = File::open(path)
        .ok()
        .map(BufReader::new)
        .and_then(|file| if is_npz(path) { npz::shape(file, array) } else { npy::shape(file) });
    shape.map_or(0, |shape| shape.iter().fold(1, |product: u64, &n| product.saturating_mul(n as u64)))
}

fn is_npz(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz"))
}
