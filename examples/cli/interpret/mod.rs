//! The parts of `interpret`: its options, the loaded model, the analyses, and the files it writes.

pub mod analysis;
pub mod args;
pub mod files;
pub mod loaded_model;
pub mod page;
