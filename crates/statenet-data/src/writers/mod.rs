//! Writers: from recordings and arrays to files. A file or folder appears only when it is complete.

mod arrays;
mod audio;
mod canonical;
mod sound;

pub use arrays::{write_npy_2d, write_npz};
pub use sound::write_wav;
