//! What the examples share: arguments, progress bars, the files that they leave and the pages that they draw.
//!
//! Everything that computes is in the library; what is here belongs to a command line.

pub mod choice;
pub mod fit_args;
pub mod fit_report;
pub mod machine;
pub mod output;
pub mod progress;
pub mod sound;
pub mod summary;
