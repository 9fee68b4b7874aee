//! Measures this workspace for `benches/peers/run`, which measures PyTorch and the reference beside it, and writes the
//! table of both.
//!
//! ```text
//! peers measure --threads 1 --budget 1 --out ours.json     # times, in ms, by what was timed
//! peers memory statenet-gru --batch 14                     # bytes that one training step adds, in a fresh process
//! peers zoo --fits FOLDER --seeds "0 1 2" --speed speed.md --out zoo.md
//! peers interchange --out FOLDER                           # models in the published form, for interchange.py
//! peers table --rounds FOLDER --out speed.md               # ours-*.json and theirs-*.json, medians over rounds
//! ```

mod bench;
mod candle;
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
    /// Times everything once, each as a median
    Measure(Measure),
    /// Bytes that one training step adds to the process
    Memory {
        model: String,
        #[arg(long, default_value_t = 14)]
        batch: usize,
    },
    /// Writes the page
    Table(Table),
    /// Names ridge and every model of the zoo
    Names,
    /// Writes the table of every model on one recording, for benches/zoo
    Zoo {
        /// Folder of MODEL-sSEED/summary.json
        #[arg(long)]
        fits: PathBuf,
        /// Seeds, separated by spaces
        #[arg(long)]
        seeds: String,
        /// The page of speed, for the times of steps
        #[arg(long)]
        speed: PathBuf,
        /// The page
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes models in the published form, each with a sound and its rates
    Interchange {
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Args)]
struct Measure {
    /// Threads of the pool
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Seconds for each number
    #[arg(long, default_value_t = 1.0)]
    budget: f64,
    /// Frames streamed
    #[arg(long, default_value_t = 20_000)]
    frames: usize,
    /// Bins of the long clip
    #[arg(long, default_value_t = 100_000)]
    bins: usize,
    /// Where the numbers go, as JSON
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
    match Cli::parse().command {
        Command::Interchange { out } => interchange::write(&out),
        Command::Names => {
            zoo::names().iter().for_each(|name| println!("{name}"));
            Ok(())
        }
        Command::Zoo { fits, seeds, speed, out } => zoo::write(&fits, &seeds, &speed, &out),
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
    // What is asked of one core.
    if args.threads == 1 {
        candle::measure(&mut bench)?;
        floors::measure(&mut bench);
        recurrences::measure_beside_floors(&mut bench)?;
        streaming::measure(&mut bench, args.frames)?;
        memory::measure(&mut bench)?;
        long_clip::measure(&mut bench, args.bins)?;
    }
    bench.write(&args.out)
}

/// The pool that all operations share.
fn one_pool(threads: usize) -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("starting threads")
}
