//! Readers: from files to recordings and arrays.

mod arrays;
mod canonical;
pub(crate) mod fields;
mod sounds;

pub use arrays::{read_cochleagram, read_npy_2d};
pub(crate) use canonical::{FILE, FORMAT, UNIT, VERSION};
pub(crate) use fields::shortened;
