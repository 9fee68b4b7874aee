//! `sweep script`: what a cluster needs to run the shards of a sweep, with sizes from the estimate.

mod kubernetes;
mod parallel;
mod size;
mod slurm;

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use statenet::core::atomic;

use self::size::Size;
use super::{args::SweepPlace, display::in_words, estimate::Estimate, folder::Sweep};
use crate::shared::MachineArgs;

/// Write a script that runs a sweep in shards: a Slurm array, an indexed Job of Kubernetes, a line of GNU parallel
#[derive(Parser, Clone, Debug)]
pub struct ScriptArgs {
    #[command(flatten)]
    place: SweepPlace,
    /// What runs the shards
    #[arg(long = "for", value_name = "SYSTEM")]
    system: System,
    /// Number of shards; default: as many as take about an hour each by the estimate
    #[arg(long, value_name = "N")]
    shards: Option<usize>,
    /// Cores of a shard
    #[arg(long, value_name = "N", default_value_t = 1)]
    cores: usize,
    /// Time limit of a shard in minutes; default: twice the estimate and five minutes
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// The program on the machines that run the shards
    #[arg(long, value_name = "COMMAND", default_value = "statenet")]
    command: String,
    /// Kubernetes: the image of a container that has the program
    #[arg(long, value_name = "IMAGE", default_value = "statenet:latest")]
    image: String,
    /// Kubernetes: the claim of a volume that holds the folder of the sweep and the data, mounted where they are here
    #[arg(long, value_name = "NAME", default_value = "statenet-data")]
    claim: String,
    /// File to write; default: sweep.sbatch, sweep.yaml or sweep.sh in the folder of the sweep
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    #[command(flatten)]
    machine: MachineArgs,
}

/// What runs the shards.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    /// An array script for sbatch
    Slurm,
    /// The manifest of an indexed Job for kubectl
    Kubernetes,
    /// A script with a line of GNU parallel
    Parallel,
}

impl System {
    fn file(self) -> &'static str {
        match self {
            Self::Slurm => "sweep.sbatch",
            Self::Kubernetes => "sweep.yaml",
            Self::Parallel => "sweep.sh",
        }
    }

    /// How the script is started.
    fn start(self) -> &'static str {
        match self {
            Self::Slurm => "sbatch",
            Self::Kubernetes => "kubectl apply -f",
            Self::Parallel => "bash",
        }
    }
}

/// What a script says.
struct Request<'a> {
    /// The folder of the sweep, from the root.
    out: &'a Path,
    command: &'a str,
    size: Size,
    image: &'a str,
    claim: &'a str,
}

impl Request<'_> {
    /// The command that runs a shard whose number the shell knows.
    fn shard(&self, number: &str) -> String {
        let Self { command, out, size, .. } = self;
        format!(
            "{command} sweep run --out {} --shard {number}/{} --threads {}",
            quoted(&out.display().to_string()),
            size.shards,
            size.cores
        )
    }
}

/// Runs the program.
///
/// # Errors
/// If the sweep cannot be read or the script cannot be written.
pub(super) fn run(args: &ScriptArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let sweep = Sweep::open(&args.place)?;
    for (option, n) in [("--cores", args.cores), ("--shards", args.shards.unwrap_or(1))] {
        ensure!((1..=100_000).contains(&n), "{option} is {n}, expected 1 to 100000");
    }
    ensure!(
        args.minutes.is_none_or(|n| (1..=1_000_000).contains(&n)),
        "--minutes is out of range, expected 1 to 1000000"
    );
    let out = std::path::absolute(&args.place.out).context("the folder of the sweep")?;
    let estimate = Estimate::read(&out);
    if estimate.is_none() {
        printer.warn("there is no estimate: `sweep plan` makes one; shards, time and memory are guesses");
    }
    let size = Size::of(sweep.jobs.len(), estimate.as_ref(), args.shards, args.cores, args.minutes);
    let request = Request { out: &out, command: &args.command, size, image: &args.image, claim: &args.claim };
    let text = match args.system {
        System::Slurm => slurm::script(&request),
        System::Kubernetes => kubernetes::manifest(&request),
        System::Parallel => parallel::script(&request),
    };
    let file = args.script.clone().unwrap_or_else(|| out.join(args.system.file()));
    atomic::write_file(&file, |w| w.write_all(text.as_bytes()))?;
    printer.line(format_args!(
        "{} shards of {} jobs or fewer, {} cores, {} MB, at most {} each",
        size.shards,
        sweep.jobs.len().div_ceil(size.shards),
        size.cores,
        size.megabytes,
        in_words(60.0 * size.minutes as f64)
    ));
    printer.line(format_args!("wrote {0}; start it with: {1} {0}", file.display(), args.system.start()));
    printer.finish()
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+=:@%".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of 4 shards of 2 cores, 1500 MB and 90 minutes.
    pub(super) fn request(out: &Path) -> Request<'_> {
        let size = Size { shards: 4, cores: 2, megabytes: 1500, minutes: 90 };
        Request { out, command: "statenet", size, image: "lab/statenet:1", claim: "data" }
    }

    #[test]
    fn words_of_a_shell_are_quoted_where_they_need_it() {
        assert_eq!(quoted("/a/b-c.d"), "/a/b-c.d");
        assert_eq!(quoted("/a b"), "'/a b'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted("$HOME"), "'$HOME'");
        let shard = request(Path::new("/a b")).shard("$I");
        assert_eq!(shard, "statenet sweep run --out '/a b' --shard $I/4 --threads 2");
    }
}
