//! Interprets a fitted model neuron by neuron: receptive fields, dreams, memory, tuning and in-silico experiments.
//!
//! ```text
//! cargo run --release --example interpret                                        # simulated neurons, fitted first
//! cargo run --release --example interpret -- --checkpoint out/fit/checkpoints/statenet-gru --data DIR --neurons 0-3
//! ```
//! Prints tables (neuron, CCnorm, best frequency, bandwidth, latency, separability; memory by three measures) and writes
//! `report.html`, `interpretation.json`, `maps/NEURON.npz`, `sounds/NEURON.wav` (sonified dreams) and `figures/`.
//!
//! The same as `statenet interpret`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{interpret, launch};

fn main() -> ExitCode {
    launch(interpret::run)
}
