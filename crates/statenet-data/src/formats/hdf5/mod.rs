//! HDF5 files: datasets as numbers or texts, attributes, names. Needs the feature `formats`.

use std::fmt;

#[cfg(not(feature = "formats"))]
mod disabled;
#[cfg(feature = "formats")]
mod enabled;

#[cfg(not(feature = "formats"))]
pub use disabled::Hdf5;
#[cfg(feature = "formats")]
pub use enabled::Hdf5;

/// What a group holds: the names of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    /// Groups, in the order of the file.
    pub groups: Vec<String>,
    /// Datasets, in the order of the file.
    pub datasets: Vec<String>,
}

/// A dataset in a list of what a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path in the file.
    pub path: String,
    /// Its shape, in the order of the file.
    pub shape: Vec<usize>,
    /// Whether it holds numbers.
    pub numeric: bool,
}

impl fmt::Display for Listed {
    /// Path and shape, `/units/id (3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let kind = if self.numeric { "" } else { ", no numbers" };
        write!(f, "{} ({}{kind})", self.path, if shape.is_empty() { "1".to_owned() } else { shape.join("x") })
    }
}

/// Whether bytes begin like an HDF5 file. MATLAB v7.3 files do so after a header of 512 bytes.
#[must_use]
pub fn is_hdf5(bytes: &[u8]) -> bool {
    const SIGNATURE: &[u8] = b"\x89HDF\r\n\x1a\n";
    [0, 512, 1024, 2048].iter().any(|&at| bytes.get(at..).is_some_and(|rest| rest.starts_with(SIGNATURE)))
}
