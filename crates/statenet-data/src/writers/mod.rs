//! Writers: recordings and arrays in, files out, whole or not at all.

mod arrays;
mod canonical;
mod sound;

pub use arrays::{write_npy_2d, write_npz};
pub use sound::write_wav;
