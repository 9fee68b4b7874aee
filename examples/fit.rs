//! Fits models to a recording, scores them on held-out sounds, saves them, and draws their predictions and maps.
//!
//! ```text
//! cargo run --release --example fit                                      # simulated neurons, no download
//! cargo run --release --example fit -- --data DIR --model ridge,statenet-gru --out results
//! ```
//! Prints a table (model, parameters, CCraw, CCnorm with its interval, FVE, seconds) and writes `summary.json`,
//! `report.html`, `figures/`, `checkpoints/MODEL/` and `predictions/MODEL/STIMULUS.npy`.
//!
//! The same as `statenet fit`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{fit, launch};

fn main() -> ExitCode {
    launch(fit::run)
}
