//! The programs of [StateNet](statenet) for the command line: fit models of auditory neurons, predict, score, interpret and
//! convert them.
//!
//! ```text
//! cargo install --path crates/statenet-cli      # in the repository: installs the program statenet
//! statenet fit                                  # simulate neurons, fit four models, score and draw them
//! statenet predict --help
//! ```
//! All computation is in the library [`statenet`]; this crate contains the command line only: options, progress bars, tables,
//! output files and pages. A program is a module with the struct of its options and a function `run`:
//!
//! | program | options | does |
//! |---|---|---|
//! | [`fit`] | [`FitArgs`](fit::FitArgs) | fits models to a recording, scores them, saves them, writes a report |
//! | [`predict`] | [`PredictArgs`](predict::PredictArgs) | runs a saved model over sounds, whole or in chunks |
//! | [`score`] | [`ScoreArgs`](score::ScoreArgs) | scores predictions of any software on the test sounds of a recording |
//! | [`interpret`] | [`InterpretArgs`](interpret::InterpretArgs) | shows what each neuron of a saved model responds to |
//! | [`import`] | [`ImportArgs`](import::ImportArgs) | makes a recording of a release or of a lab's own files |
//! | [`look`] | [`LookArgs`](look::LookArgs) | shows a recording before any model |
//! | [`sweep`] | [`SweepArgs`](sweep::SweepArgs) | many fits: plans, runs and merges jobs, on a cluster too |
//! | [`benchmark`] | [`BenchmarkArgs`](benchmark::BenchmarkArgs) | compares models on recordings, over seeds and splits |
//! | [`convert`] | [`ConvertArgs`](convert::ConvertArgs) | converts a checkpoint for the published package, or back |
//!
//! [`CommandLine`] joins them as subcommands of `statenet`. The examples of the repository run them one by one:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use statenet_cli::{fit, launch};
//!
//! fn main() -> ExitCode {
//!     launch(fit::run)
//! }
//! ```
//!
//! # How programs end
//!
//! [`launch`] gives the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted by Ctrl-C or SIGTERM. All printing goes through one
//! place: a closed pipe ends the printing and not the work, output that cannot be written is an error after the work, and warnings and
//! errors go to the standard error.
//!
//! # Features
//!
//! `default` is `cpu`, in pure Rust. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are those of [`statenet`].

#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod benchmark;
mod command_line;
pub mod convert;
pub mod fit;
pub mod import;
pub mod interpret;
mod launch;
pub mod look;
pub mod predict;
pub mod reading;
pub mod score;
pub mod shared;
pub mod sweep;

pub use command_line::{CommandLine, Program};
pub use launch::launch;
