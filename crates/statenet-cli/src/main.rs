//! The program `statenet`.

use clap::Parser;
use statenet::process;
use statenet_cli::{CommandLine, shared::Failure};

fn main() -> Result<(), Failure> {
    process::tune();
    Ok(CommandLine::parse().run()?)
}
