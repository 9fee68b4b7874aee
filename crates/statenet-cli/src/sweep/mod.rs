//! `sweep`: many fits, all combinations of recordings, models, recipes, splits and seeds, on all cores or on a cluster.
//!
//! ```text
//! statenet sweep plan --plan sweep.toml --out out/sweep     # lists the jobs, tries them shortly, says what they will cost
//! statenet sweep run --out out/sweep                        # --shard 0/4 for a quarter of the jobs
//! statenet sweep status --out out/sweep
//! statenet sweep merge --out out/sweep                      # sweep.json, sweep.csv
//! statenet sweep script --for slurm --out out/sweep         # a script that runs the shards on a cluster
//! ```
//!
//! # The output folder
//!
//! ```text
//! plan.json            the jobs
//! estimate.json        what they are expected to take
//! jobs/NAME.json       the result of each, or why it failed
//! jobs/.NAME.json.lock while a job runs
//! unfinished/NAME      the state of a fit that was interrupted or killed
//! checkpoints/NAME     fitted models, if the plan asks for them
//! cache                recordings that were converted
//! sweep.json sweep.csv all results
//! ```
//!
//! A job has its thread, its lock and its file. Any number of processes, on any number of machines that share the folder, take jobs that
//! nobody runs and that have no file. Without a shared folder each runs a shard, and their files are copied into one folder.

mod args;
mod display;
mod estimate;
mod folder;
mod job;
mod memory;
mod merge;
mod plan;
mod recordings;
mod run;
mod script;
mod status;
mod workers;

use clap::{Parser, Subcommand};

pub use self::{
    args::{MergeArgs, PlanArgs, RunArgs, StatusArgs},
    script::ScriptArgs,
};
pub(crate) use self::{
    folder::Sweep,
    plan::announce_cost,
    recordings::read_all,
    run::{HowToRun, run_jobs},
};

/// Run many fits: all combinations of recordings, models, recipes, splits and seeds, on all cores or on a cluster
#[derive(Parser, Clone, Debug)]
#[command(after_help = "`sweep ACTION --help` lists the options of an action.")]
pub struct SweepArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with a sweep.
#[derive(Subcommand, Clone, Debug)]
#[allow(missing_docs, reason = "clap would show a comment here in place of the comment of the options")]
pub enum Action {
    Plan(PlanArgs),
    Run(RunArgs),
    Status(StatusArgs),
    Merge(MergeArgs),
    Script(ScriptArgs),
}

/// Runs the program.
///
/// # Errors
/// If the plan, a recording or a result cannot be read, a file cannot be written, or a job failed.
pub fn run(args: &SweepArgs) -> anyhow::Result<()> {
    match &args.action {
        Action::Plan(args) => plan::run(args),
        Action::Run(args) => run::run(args),
        Action::Status(args) => status::run(args),
        Action::Merge(args) => merge::run(args),
        Action::Script(args) => script::run(args),
    }
}
