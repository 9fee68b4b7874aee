//! Parts that several programs share: options, the recording, the models to fit, progress bars, what is printed, signals, output folders.

mod apart;
mod choice;
mod comparison;
mod csv;
mod cutting;
mod inputs;
pub(crate) mod interrupt;
mod json;
mod lock;
mod machine;
mod output_folder;
mod printer;
mod progress;
mod published_args;
mod resumable;
mod split;
mod warnings;

pub use machine::MachineArgs;
pub use progress::FitBar;
pub(crate) use progress::StepBar;

pub(crate) use apart::{config_files, expect_apart, split_file};
pub(crate) use choice::{Choice, Kind, choice, choices, ridge_history};
pub(crate) use comparison::{clusters, comparison_notes, comparison_table};
pub(crate) use csv::csv_cell;
pub(crate) use cutting::{cut, cut_of, seconds};
pub(crate) use inputs::{Inputs, expect_unscaled, front_end, front_end_of, standardize, with_cochleagrams};
pub(crate) use json::write_json;
pub(crate) use lock::Lock;
pub(crate) use output_folder::OutputFolder;
pub(crate) use printer::Printer;
pub(crate) use published_args::PublishedArgs;
pub(crate) use resumable::{FitStates, UNFINISHED, forget as forget_state};
pub(crate) use split::SplitArgs;
pub(crate) use warnings::Warnings;
