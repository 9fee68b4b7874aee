//! Holds every estimator of `statenet::metrics` to the truth in simulations, and writes what it found as a page of the book.
//!
//! ```text
//! cargo run --release -p statenet-benches --bin truth              # docs/src/results/truth.md, ten minutes on two cores
//! cargo run --release -p statenet-benches --bin truth -- --small   # fewer cells and recordings, nothing written
//! ```
//! It fails where an estimator, an interval or a test is not as its documentation claims.

#![allow(clippy::indexing_slicing, reason = "a program whose sizes are its own")]

mod cells;
mod coverage;
mod estimators;
mod level;
mod pospisil;
mod simulate;
mod table;

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Parser;
use statenet::core::Seed;

use crate::table::Found;

/// Holds estimators to the truth.
#[derive(Parser)]
struct Args {
    /// Few cells and recordings, within a minute; writes no page
    #[arg(long)]
    small: bool,
    /// Recordings in a cell; default 2000, or 200
    #[arg(long, value_name = "N")]
    recordings: Option<usize>,
    /// Recordings in a cell for the coverage of intervals; default 2000, or 100
    #[arg(long, value_name = "N")]
    intervals: Option<usize>,
    /// Seed of all numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The page; default docs/src/results/truth.md
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let seed = Seed::new(args.seed);
    let (n, n_intervals) = if args.small { (200, 100) } else { (2000, 2000) };
    let (n, n_intervals) = (args.recordings.unwrap_or(n), args.intervals.unwrap_or(n_intervals));
    if n < 2 || n_intervals < 2 {
        bail!("--recordings and --intervals are numbers of 2 or more");
    }
    let grid = cells::grid(args.small);
    let mut cells = Vec::new();
    for (i, &cell) in grid.iter().enumerate() {
        cells.push(cells::run(cell, n, seed).with_context(|| cell.name())?);
        eprintln!("{} of {}: {}", i + 1, grid.len(), cell.name());
    }
    eprintln!("intervals");
    let coverage = coverage::run(&cells::interval_grid(args.small), n_intervals, seed)?;
    eprintln!("tests");
    let n_sets = if args.small { 200 } else { 2000 };
    let levels = level::run(n_sets, seed)?;
    let pospisil = pospisil::run(n_sets, seed)?;
    let found = Found {
        seed: args.seed,
        n,
        n_intervals,
        n_sets,
        is_small: args.small,
        cells,
        coverage,
        levels,
        pospisil,
    };
    let page = found.page();
    match (&args.out, args.small) {
        (None, true) => println!("{page}"),
        (out, _) => {
            let book = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/src/results/truth.md");
            let out = out.clone().unwrap_or_else(book);
            std::fs::write(&out, &page).with_context(|| out.display().to_string())?;
            eprintln!("wrote {}", out.display());
        }
    }
    let broken = found.broken_claims();
    if broken.is_empty() {
        return Ok(());
    }
    bail!("not as claimed:\n{}", broken.join("\n"))
}
