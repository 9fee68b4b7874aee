//! Converts a checkpoint from the published package (deepSTRF 0.1.0) to this library, or back.
//!
//! ```text
//! cargo run --release --example convert -- --checkpoint out/fit/checkpoints/statenet-gru --to published --out DIR
//! cargo run --release --example convert -- --checkpoint PUBLISHED --to statenet --prefilter ic --dt 10 --out DIR
//! ```
//! Prints the arguments that the published package needs in addition to the folder, since its config cannot hold them.
//!
//! The same as `statenet convert`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{convert, launch};

fn main() -> ExitCode {
    launch(convert::run)
}
