//! Parts that several programs share: options, the recording, the models to fit, progress bars, errors.

mod choice;
mod failure;
mod inputs;
mod json;
mod machine;
mod progress;
mod published_args;
mod recording;

pub use failure::Failure;
pub use machine::MachineArgs;
pub use progress::FitBar;

pub(crate) use choice::{Choice, Kind, choice, choices};
pub(crate) use inputs::{Inputs, expect_unscaled, front_end, front_end_of, standardize, with_cochleagrams};
pub(crate) use json::write_json;
pub(crate) use published_args::PublishedArgs;
pub(crate) use recording::{Origin, source, true_field};
