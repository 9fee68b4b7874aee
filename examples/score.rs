//! Scores predictions of any model, also of other software, on the test stimuli of a recording.
//!
//! ```text
//! cargo run --release --example score -- --data DIR --predictions out/fit/predictions/ln --out scores.json
//! ```
//! Reads `STIMULUS.npy` `(N, T)`, spikes per bin, for each test stimulus; writes the scores as JSON (like the `test` object
//! in `summary.json`, and more of each neuron) and as a page, `scores.html`, and prints them. Several models:
//! `--predictions NAME=DIR` for each.
//!
//! The same as `statenet score`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{launch, score};

fn main() -> ExitCode {
    launch(score::run)
}
