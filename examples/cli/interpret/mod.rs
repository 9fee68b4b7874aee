//! What `interpret` does beside its `main`: the model and recording it looks at, what it finds, the files it leaves.

pub mod analysis;
pub mod args;
pub mod files;
pub mod loaded_model;
pub mod page;
