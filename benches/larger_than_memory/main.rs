//! Writes a recording with 3 GB of counts, reads, fits and scores it, and fails if that takes more than 4 GB of memory.
//!
//! ```text
//! cargo run --release -p statenet-benches --bin larger_than_memory -- --model ridge
//! ```

use std::{path::PathBuf, time::Instant};

use clap::Parser;
use statenet::data::Recording;
use statenet_benches::{Large, LargeModel, most_memory};

#[derive(Parser)]
struct Args {
    /// Number of neurons
    #[arg(long, default_value_t = 2000)]
    neurons: usize,
    /// Number of stimuli
    #[arg(long, default_value_t = 5000)]
    stimuli: usize,
    /// Bins of each stimulus
    #[arg(long, default_value_t = 300)]
    bins: usize,
    /// Model
    #[arg(long, value_enum, default_value_t = LargeModel::StatenetGru)]
    model: LargeModel,
    /// Where the recording lies; it is written if it is not there, and stays. Default: a temporary folder, which is removed
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The most memory, GB
    #[arg(long, default_value_t = 4.0)]
    most: f64,
    /// Keep responses in memory, to compare
    #[arg(long)]
    in_memory: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let large = Large { n_neurons: args.neurons, n_stimuli: args.stimuli, n_bins: args.bins };
    let temporary = tempfile::tempdir()?;
    let folder = args.folder.unwrap_or_else(|| temporary.path().join("recording"));
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    println!(
        "{} neurons, {} stimuli of {} bins: {:.2} GB of counts",
        args.neurons,
        args.stimuli,
        args.bins,
        gigabytes(large.count_bytes())
    );
    let step = |what: &str, seconds: f64| -> anyhow::Result<()> {
        println!("{what:<24} {seconds:8.1} s, at most {:.2} GB so far", gigabytes(most_memory()?));
        Ok(())
    };
    if !folder.join("recording.json").exists() {
        let begun = Instant::now();
        large.write(&folder)?;
        step("written", begun.elapsed().as_secs_f64())?;
    }
    let begun = Instant::now();
    // Whatever this machine has: as where the counts are larger than its memory.
    let recording = Recording::read_within(&folder, if args.in_memory { u64::MAX } else { 0 })?;
    step("read and checked", begun.elapsed().as_secs_f64())?;
    let fit = large.fit(&recording, args.model)?;
    step("fitted", fit.fit_seconds)?;
    step("scored", fit.score_seconds)?;
    println!("{}", fit.scores.summary_line());
    let most = gigabytes(most_memory()?);
    anyhow::ensure!(most <= args.most, "took {most:.2} GB of memory, expected at most {:.2}", args.most);
    Ok(())
}
