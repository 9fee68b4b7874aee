//! Readers: files in, recordings and arrays out. One layout, one file.

mod arrays;
mod canonical;
mod fields;

pub use arrays::{read_cochleagram, read_npy_2d};
pub(crate) use canonical::{FILE, FORMAT, UNIT, VERSION};
