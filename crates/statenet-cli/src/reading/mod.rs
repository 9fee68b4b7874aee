//! Recordings of any format that is read: the folder of a recording, or a release or a lab's own files, which are converted.

mod args;
mod cache;
mod format;
mod paths;
mod raw;
mod recording;
mod selection;

pub use args::{BinnedReadArgs, ReadArgs};
pub(crate) use cache::content;
pub use format::Format;
pub use paths::DataPaths;
pub(crate) use raw::{Raw, read_raw};
pub(crate) use recording::{Found, Origin, Source, source, source_or_responses, true_field};
pub use selection::SelectArgs;
