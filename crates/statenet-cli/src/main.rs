//! The program `statenet`.

use clap::Parser;
use statenet_cli::{CommandLine, shared::Failure};

fn main() -> Result<(), Failure> {
    Ok(CommandLine::parse().run()?)
}
