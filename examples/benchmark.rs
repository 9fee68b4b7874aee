//! Compares models on recordings: every model of the zoo, over seeds and splits, neuron by neuron, with intervals and tests.
//!
//! ```text
//! cargo run --release --example benchmark -- --data my-recording --seeds 5 --out out/benchmark
//! ```
//! It says what it will cost, fits on all cores, goes on after a kill, and leaves `benchmark.json`, `.csv`, `.tex` and `.html`. Without
//! `--data` it simulates neurons without and with memory.
//!
//! The same as `statenet benchmark`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{benchmark, launch};

fn main() -> ExitCode {
    launch(benchmark::run)
}
