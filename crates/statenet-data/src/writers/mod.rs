//! Writers: from recordings and arrays to files. A file or folder appears only when it is complete.

mod arrays;
mod audio;
mod canonical;
mod in_parts;
mod sound;

pub use arrays::{write_npy_2d, write_npz};
pub use in_parts::RecordingWriter;
pub use sound::write_wav;
