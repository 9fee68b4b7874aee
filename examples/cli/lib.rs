//! Shared parts of the example programs: options, progress bars, output files and pages.
//!
//! Computation is in the library; this package contains only the command line.

pub mod choice;
pub mod dropped;
pub mod failure;
pub mod fit_args;
pub mod fit_report;
pub mod interpret;
pub mod machine;
pub mod output;
pub mod progress;
pub mod sound;
pub mod summary;
