//! Runs many fits: all combinations of recordings, models, recipes, splits and seeds, as jobs that can be killed, resumed and shared
//! out to several machines.
//!
//! ```text
//! cargo run --release --example sweep -- plan --plan sweep.toml --out out/sweep
//! cargo run --release --example sweep -- run --out out/sweep
//! cargo run --release --example sweep -- merge --out out/sweep
//! ```
//! `plan` lists the jobs and says what they will cost, `run` leaves a file for each, `merge` joins them in `sweep.json` and `sweep.csv`;
//! `status` shows how far it is, `script` writes a script for a cluster.
//!
//! The same as `statenet sweep`, which `cargo install --path crates/statenet-cli` installs.

use std::process::ExitCode;

use statenet_cli::{launch, sweep};

fn main() -> ExitCode {
    launch(sweep::run)
}
