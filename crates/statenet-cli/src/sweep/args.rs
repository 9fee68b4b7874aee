//! The options of `sweep`. Scripts rely on their names: do not rename them.

use std::path::PathBuf;

use clap::{Args, Parser};
use statenet::train::sweep::Shard;

use crate::shared::MachineArgs;

/// Which sweep.
#[derive(Args, Clone, Debug)]
pub(super) struct SweepPlace {
    /// The plan, a TOML file; default: the plan of the folder
    #[arg(long, value_name = "FILE.toml")]
    pub(super) plan: Option<PathBuf>,
    /// Folder for the jobs and their results: new, or that of a sweep, whose finished jobs are kept
    #[arg(long, value_name = "DIR", default_value = "out/sweep")]
    pub(super) out: PathBuf,
}

/// List the jobs of a plan, try each kind shortly, and estimate what they cost
#[derive(Parser, Clone, Debug)]
pub struct PlanArgs {
    #[command(flatten)]
    pub(super) place: SweepPlace,
    /// Seconds that each kind of job is tried for the estimate; 0 for no estimate
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub(super) probe: f64,
    /// Print every job
    #[arg(long)]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
}

/// Run the jobs that have no result, on all cores
#[derive(Parser, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub(super) place: SweepPlace,
    /// Part I of N of the jobs, I from 0
    #[arg(long, value_name = "I/N", default_value = "0/1")]
    pub(super) shard: Shard,
    /// Run failed jobs again, and those whose file is damaged
    #[arg(long)]
    pub(super) retry: bool,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
}

/// Show which jobs are done, running, failed and left
#[derive(Parser, Clone, Debug)]
pub struct StatusArgs {
    #[command(flatten)]
    pub(super) place: SweepPlace,
    /// Print every job
    #[arg(long)]
    pub(super) list: bool,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
}

/// Join the results of all jobs in sweep.json and sweep.csv
#[derive(Parser, Clone, Debug)]
pub struct MergeArgs {
    #[command(flatten)]
    pub(super) place: SweepPlace,
    /// Merge what is there, also where jobs have no result yet
    #[arg(long)]
    pub(super) partial: bool,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
}
