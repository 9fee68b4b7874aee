//! File formats as functions from bytes to arrays and back; no files are opened.
//!
//! Parsers never panic, and never allocate more than the given bytes can hold, whatever the header says.

pub mod csv;
mod error;
pub mod flac;
pub mod hdf5;
pub mod mat5;
pub mod npy;
pub mod npz;
pub mod parquet;
pub mod sound;
pub mod tgz;
pub mod wav;

pub use error::FormatError;
pub use sound::Sound;
