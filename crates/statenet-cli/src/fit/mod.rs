//! `fit`: fits models to a recording, scores them on held-out sounds, saves them, and draws their predictions and maps.
//!
//! ```text
//! statenet fit                                      # simulated neurons, no download
//! statenet fit --data DIR --model ridge,statenet-gru --out results
//! statenet fit --audio DIR --counts FILE.npz --dt 5
//! ```
//! Prints a table (model, parameters, CCraw, CCnorm with its interval, FVE, seconds) and writes `summary.json`,
//! `report.html`, `figures/`, `checkpoints/MODEL/` and `predictions/MODEL/STIMULUS.npy`.
//!
//! # The output folder
//!
//! - It is new, empty, or that of an earlier run; a folder with other files is refused, and one that is, holds or lies in an input.
//! - One run at a time has it: the lock is `.lock` in it, which is free again when its process has ended, however that ended.
//! - Results are written aside, in `.statenet-set-*.tmp`, and replace those of an earlier run together at the end; checkpoints and predictions of
//!   models that the earlier summary names and this run has not are removed, and its figures. A run that fails or is killed leaves the
//!   earlier results. A run that is killed while names change leaves a set that the next run puts in place.
//! - The states of fits are in `unfinished/MODEL` until the end: the same command, run again, goes on from there. The trials of `--recipe search` that
//!   have ended are in `search/MODEL`, and stay: the same search is not repeated.
//!
//! # Signals
//!
//! The first Ctrl-C or SIGTERM ends the fit after the running epoch, with its state saved; the second ends the program at once. The exit code
//! is 130.

mod args;
mod core;
mod crop;
mod need;
mod output;
mod recipe;
mod report;
mod run;
mod schedule_args;
mod summary;
mod unlabelled;

pub use args::FitArgs;
pub use run::run;
pub use summary::{Dataset, ModelSummary, RecipeSummary, Refit, SearchSummary, Summary};
