//! Predicts the responses of a saved model to any sounds, as a whole or streamed in chunks.
//!
//! ```text
//! cargo run --release --example predict -- --checkpoint out/fit/checkpoints/statenet-gru --data DIR --out rates
//! cargo run --release --example predict -- --checkpoint DIR --data sound.npy --out rates --stream 7
//! ```
//! Writes `STIMULUS.npy` `(N, T)` f32, spikes per bin, for each sound, and prints a table.
//!
//! The same as `statenet predict`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{launch, predict};

fn main() -> ExitCode {
    launch(predict::run)
}
