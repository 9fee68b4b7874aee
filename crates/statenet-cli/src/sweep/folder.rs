//! The folder of a sweep, and its plan as it is kept there.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use statenet::{
    core::atomic,
    train::sweep::{Job, Plan, RecordingPlan},
};

use super::{args::SweepPlace, recordings};
use crate::shared::{Lock, Warnings, expect_apart};

const FORMAT: &str = "statenet-sweep";
const VERSION: u32 = 1;
/// The plan in the folder.
const PLAN: &str = "plan.json";

/// A sweep as its folder keeps it: the jobs, and how their recordings are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sweep {
    format: String,
    version: u32,
    /// The folder that paths are relative to, on the machine that planned.
    pub(super) base: PathBuf,
    pub(super) recordings: Vec<RecordingPlan>,
    pub(super) checkpoints: bool,
    pub(super) min_signal_power: Option<f64>,
    pub(super) allow_similar_sounds: bool,
    pub(crate) jobs: Vec<Job>,
}

impl Sweep {
    /// The sweep of a plan's file, which is kept in the folder for the other actions; without one, the sweep of the folder.
    ///
    /// # Errors
    /// If there is no plan, it is wrong, a recording cannot be read, or the folder cannot be written.
    pub(super) fn open(place: &SweepPlace) -> anyhow::Result<Self> {
        let Some(file) = &place.plan else {
            let sweep = Self::read(&place.out.join(PLAN))?;
            sweep.expect_apart(&place.out, None)?;
            return Ok(sweep);
        };
        Self::of_plan(&Plan::read(file)?, Some(file), &place.out)
    }

    /// The sweep of a plan, which is kept in the folder; `file` is where the plan was read from.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub(crate) fn of_plan(plan: &Plan, file: Option<&Path>, out: &Path) -> anyhow::Result<Self> {
        let base = std::path::absolute(&plan.base).unwrap_or_else(|_| plan.base.clone());
        let mut sweep = Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            base,
            recordings: plan.recordings.clone(),
            checkpoints: plan.checkpoints,
            min_signal_power: plan.min_signal_power,
            allow_similar_sounds: plan.allow_similar_sounds,
            jobs: Vec::new(),
        };
        sweep.expect_apart(out, file)?;
        let known = recordings::known(&sweep, out)?;
        sweep.jobs = plan.jobs(&known)?;
        sweep.keep(&out.join(PLAN))?;
        Ok(sweep)
    }

    /// Keeps the plan, unless the same one is there: several shards may start at once.
    fn keep(&self, path: &Path) -> anyhow::Result<()> {
        let _locked = Lock::wait_for_file(path, "sweep")?;
        atomic::sweep_of(path)?;
        let mut text = serde_json::to_vec(self)?;
        text.push(b'\n');
        if fs::read(path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        Ok(atomic::write_file(path, |w| w.write_all(&text))?)
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let text = match fs::read(path) {
            Err(e) if e.kind() == ErrorKind::NotFound => {
                bail!("{shown}: is not there; name the plan of the sweep with --plan FILE.toml")
            }
            other => other.with_context(|| format!("{shown}: cannot read"))?,
        };
        let sweep: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{shown}: is damaged; name the plan again with --plan FILE.toml"))?;
        if sweep.format != FORMAT || sweep.version != VERSION {
            bail!("{shown}: is {} {}, expected {FORMAT} {VERSION}", sweep.format, sweep.version);
        }
        Ok(sweep)
    }

    /// Results never lie among what is read.
    fn expect_apart(&self, out: &Path, plan: Option<&Path>) -> anyhow::Result<()> {
        let data: Vec<PathBuf> =
            self.recordings.iter().filter_map(|r| Some(self.base.join(r.data.as_ref()?))).collect();
        let mut inputs: Vec<(&str, &Path)> = data.iter().map(|path| ("data of the plan", &**path)).collect();
        inputs.extend(plan.map(|path| ("--plan", path)));
        expect_apart(out, &inputs)
    }

    /// Doubts about a recording are voiced by who reads it first.
    pub(super) fn warnings() -> Warnings {
        Warnings::default()
    }
}

/// What a job keeps while it runs.
pub(super) fn unfinished(out: &Path, job: &Job) -> PathBuf {
    out.join("unfinished").join(&job.name)
}

/// Where the fitted model of a job is kept.
pub(super) fn checkpoint_of(out: &Path, job: &Job) -> PathBuf {
    out.join("checkpoints").join(&job.name)
}
