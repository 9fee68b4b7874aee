//! Shows a recording before any model is fitted to it.
//!
//! ```text
//! cargo run --release --example look -- --data DIR --out look
//! ```
//! Prints a table of neurons, and writes `report.html` and `look.json`.
//!
//! The same as `statenet look`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{launch, look};

fn main() -> ExitCode {
    launch(look::run)
}
