//! Folders of the published implementation (deepSTRF 0.1.0), read and written.
//!
//! Its `config.json` is flat, names the class in `_model_class`, and leaves out nested parts (the output curve, the
//! prefilter); the names of the tensors tell them. `metadata.json`, which it keeps and does not read, holds what it has no
//! place for: when we write a folder, our whole config and metadata.

mod format;
mod names;
mod read;
mod write;

pub(super) use self::read::{is_published, read};
pub use self::{
    read::{Prefilter, PublishedOptions, load_published},
    write::{Nested, save_published},
};
