//! Formats: bytes in, arrays out, and back. No files, no recordings; what `fuzz/` feeds with anything.
//!
//! Parsers never panic and allocate no more than the bytes at hand can hold, whatever a header promises.

mod error;
pub mod npy;
pub mod npz;
pub mod wav;

pub use error::FormatError;
