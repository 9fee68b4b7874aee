//! `fit`: fits models to a recording, scores them on held-out sounds, saves them, and draws their predictions and maps.
//!
//! ```text
//! statenet fit                                      # simulated neurons, no download
//! statenet fit --data DIR --model ridge,statenet-gru --out results
//! statenet fit --audio DIR --counts FILE.npz --dt 5
//! ```
//! Prints a table (model, parameters, CCraw, CCnorm with its interval, FVE, seconds) and writes `summary.json`,
//! `report.html`, `figures/`, `checkpoints/MODEL/` and `predictions/MODEL/STIMULUS.npy`.

mod args;
mod output;
mod report;
mod run;
mod summary;

pub use args::FitArgs;
pub use run::run;
pub use summary::{Dataset, ModelSummary, Summary};
