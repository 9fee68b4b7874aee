//! Measures this workspace for `benches/peers/run`, which also measures PyTorch and the reference, and writes the table of
//! both.
//!
//! ```text
//! peers measure --threads 1 --budget 1 --out ours.json     # times in ms, by name
//! peers memory statenet-gru --batch 14                     # memory of one training step in bytes, in a new process
//! peers zoo --benchmark FOLDER --speed speed.md --out zoo.md
//! peers interchange --out FOLDER                           # models in the published format, for interchange.py
//! peers table --rounds FOLDER --out speed.md               # ours-*.json and theirs-*.json, medians over rounds
//! ```

mod bench;
mod candle;
mod ceilings;
mod floors;
mod interchange;
mod long_clip;
mod many_models;
mod maps;
mod memory;
mod recurrences;
mod steps;
mod streaming;
mod table;
mod zoo;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::bench::Bench;

#[derive(Parser)]
#[command(about = "Measures StateNet beside its peers; started by benches/peers/run")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure all times once, each as a median
    Measure(Measure),
    /// Measure the memory of one training step in bytes
    Memory {
        model: String,
        #[arg(long, default_value_t = 14)]
        batch: usize,
    },
    /// Write the page
    Table(Table),
    /// Write the table of all models on one recording, for benches/zoo
    Zoo {
        /// Folder of a benchmark of one recording
        #[arg(long)]
        benchmark: PathBuf,
        /// The page on speed, for the times of training steps
        #[arg(long)]
        speed: PathBuf,
        /// The page
        #[arg(long)]
        out: PathBuf,
    },
    /// Write models in the published format, each with a sound and its rates
    Interchange {
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Args)]
struct Measure {
    /// Number of threads
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Seconds for each number
    #[arg(long, default_value_t = 1.0)]
    budget: f64,
    /// Number of frames to stream
    #[arg(long, default_value_t = 20_000)]
    frames: usize,
    /// Length of the long clip in bins
    #[arg(long, default_value_t = 100_000)]
    bins: usize,
    /// File for the numbers, as JSON
    #[arg(long)]
    out: PathBuf,
}

#[derive(Args)]
struct Table {
    /// Folder with the numbers of every round
    #[arg(long)]
    rounds: PathBuf,
    /// The page
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    statenet::process::tune();
    match Cli::parse().command {
        Command::Interchange { out } => interchange::write(&out),
        Command::Zoo { benchmark, speed, out } => zoo::write(&benchmark, &speed, &out),
        Command::Measure(args) => measure(&args),
        Command::Memory { model, batch } => {
            one_pool(1)?;
            println!("{}", memory::of_one_step(&model, batch)?);
            Ok(())
        }
        Command::Table(args) => {
            let page = table::page(&args.rounds)?;
            std::fs::write(&args.out, page).with_context(|| format!("writing {}", args.out.display()))
        }
    }
}

fn measure(args: &Measure) -> anyhow::Result<()> {
    one_pool(args.threads)?;
    let budget = Duration::try_from_secs_f64(args.budget).context("--budget")?;
    let mut bench = Bench::new(args.threads, budget);
    recurrences::measure(&mut bench)?;
    steps::measure(&mut bench)?;
    maps::measure(&mut bench)?;
    if args.threads > 1 {
        many_models::measure(&mut bench)?;
    }
    // Measurements on one core.
    if args.threads == 1 {
        candle::measure(&mut bench)?;
        ceilings::measure(&mut bench)?;
        floors::measure(&mut bench);
        recurrences::measure_beside_floors(&mut bench)?;
        streaming::measure(&mut bench, args.frames)?;
        memory::measure(&mut bench)?;
        long_clip::measure(&mut bench, args.bins)?;
    }
    bench.write(&args.out)
}

/// Sets up the thread pool of all operations.
fn one_pool(threads: usize) -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("starting threads")
}
