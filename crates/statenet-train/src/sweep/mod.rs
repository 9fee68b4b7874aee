//! Sweeps: many fits that a plan describes, as named jobs that leave one file each.
//!
//! A [`Plan`] (TOML) lists recordings, models with ranges of fields, recipes, splits and seeds. Its [`Job`]s are all combinations. A job is
//! determined by its fields alone, and its name ends in a digest of them and of the files that it reads: the same job has the same name
//! and the same result on every machine, whoever runs it and in whatever order. Its result is one [`JobFile`], which appears whole or not
//! at all and carries a digest of its bytes. A [`Shard`] is a part of the jobs; [`merge`] joins the files of all of them.
//!
//! Nothing here runs a job: the program `statenet sweep run` does, and any other program can.
//!
//! ```
//! use statenet_train::sweep::{Known, Plan, Shard};
//!
//! let plan = Plan::parse("models = ['ln', {model = 'statenet-gru', vary = {hidden = [35, 70]}}]
//!     recordings = ['ns1']
//!     splits = ['kfold:5']
//!     seeds = 2")?;
//! let known = Known { n_stimuli: 20, neuron_ids: vec!["u1".to_owned()], content: "8c3a".to_owned() };
//! let jobs = plan.jobs(&[known])?;
//! assert_eq!(jobs.len(), 3 * 5 * 2);
//! assert!(jobs[0].name.starts_with("ns1.ln.kfold-5-0.s0-"), "{}", jobs[0].name);
//! let shard: Shard = "0/4".parse()?;
//! assert_eq!(shard.of(&jobs).count(), 8);
//! # Ok::<(), statenet_train::Error>(())
//! ```

mod entry;
mod error;
mod job;
mod merge;
mod plan;
mod result;
mod shard;
mod splits;
mod variants;

pub use self::{
    error::SweepError,
    job::{Job, Known},
    merge::{Merged, merge},
    plan::{ModelPlan, Plan, RecordingPlan},
    result::{JobFile, JobResult, Outcome},
    shard::Shard,
    variants::set_fields,
};
