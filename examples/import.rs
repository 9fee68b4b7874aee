//! Makes the folder of a recording of a public release, or of a lab's own sounds and spikes.
//!
//! ```text
//! cargo run --release --example import -- --in DIR --out recording
//! ```
//! Prints what was read and how responses lie to sounds, and writes the recording and `import.json`.
//!
//! The same as `statenet import`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{import, launch};

fn main() -> ExitCode {
    launch(import::run)
}
