//! The program `statenet`.

use std::process::ExitCode;

use statenet_cli::{CommandLine, launch};

fn main() -> ExitCode {
    launch(CommandLine::run)
}
