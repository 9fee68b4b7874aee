//! The command line of the program `statenet`: a subcommand for each program.

use clap::{Parser, Subcommand};

use crate::{
    benchmark::{self, BenchmarkArgs},
    convert::{self, ConvertArgs},
    fit::{self, FitArgs},
    import::{self, ImportArgs},
    interpret::{self, InterpretArgs},
    look::{self, LookArgs},
    predict::{self, PredictArgs},
    score::{self, ScoreArgs},
    sweep::{self, SweepArgs},
};

/// Fit, score, stream and interpret models of auditory neurons
#[derive(Parser, Clone, Debug)]
#[command(
    name = "statenet",
    version,
    after_help = "`statenet PROGRAM --help` lists the options of a program."
)]
pub struct CommandLine {
    /// The program to run.
    #[command(subcommand)]
    pub program: Program,
}

/// A program with its options.
#[derive(Subcommand, Clone, Debug)]
#[allow(missing_docs, reason = "clap would show a comment here in place of the comment of the options")]
#[allow(clippy::large_enum_variant, reason = "there is one value in a process")]
pub enum Program {
    Fit(FitArgs),
    Predict(PredictArgs),
    Score(ScoreArgs),
    Interpret(InterpretArgs),
    Import(ImportArgs),
    Look(LookArgs),
    Sweep(SweepArgs),
    Benchmark(BenchmarkArgs),
    Convert(ConvertArgs),
}

impl CommandLine {
    /// Runs the program that the command line names.
    ///
    /// # Errors
    /// Those of the program.
    pub fn run(&self) -> anyhow::Result<()> {
        match &self.program {
            Program::Fit(args) => fit::run(args),
            Program::Predict(args) => predict::run(args),
            Program::Score(args) => score::run(args),
            Program::Interpret(args) => interpret::run(args),
            Program::Import(args) => import::run(args),
            Program::Look(args) => look::run(args),
            Program::Sweep(args) => sweep::run(args),
            Program::Benchmark(args) => benchmark::run(args),
            Program::Convert(args) => convert::run(args),
        }
    }
}
