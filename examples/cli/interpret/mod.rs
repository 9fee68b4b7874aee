//! What `interpret` does beside its `main`: the model and recording it looks at, what it finds, the files it leaves.

pub mod args;
pub mod files;
pub mod findings;
pub mod page;
pub mod subject;
