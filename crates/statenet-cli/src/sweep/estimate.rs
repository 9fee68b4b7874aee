//! What a sweep will cost: jobs that have ended, or each kind of job tried for a moment.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use statenet::{
    core::atomic,
    train::sweep::{Job, Merged},
};

use super::{
    job::{Probe, Workshop},
    memory, workers,
};
use crate::shared::{Lock, interrupt, write_json};

/// The estimate in the folder.
pub(super) const ESTIMATE: &str = "estimate.json";
/// How many epochs a fit is expected to take that stops by itself: the mean over the models of the zoo on NS1, where they are from 69
/// to 318 (docs/src/results/zoo.md).
const EXPECTED_EPOCHS: usize = 150;

/// Jobs that cost about the same: those that differ in split and seed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Group {
    /// The recording.
    pub(super) recording: String,
    /// `all`, `one`, or the list of neurons.
    pub(super) neurons: String,
    /// Model, varied fields and recipe.
    pub(super) model: String,
}

impl Group {
    /// The kind of a job.
    pub(super) fn of(job: &Job) -> Self {
        let is_one = job.neurons.bytes().all(|byte| byte.is_ascii_digit());
        let neurons = if is_one { "one".to_owned() } else { job.neurons.clone() };
        Self { recording: job.recording.clone(), neurons, model: job.label() }
    }
}

/// How the seconds of a job are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// Jobs of the kind have ended.
    Ended,
    /// One was tried, to its end.
    Tried,
    /// One was tried for some epochs, and the number of all epochs assumed.
    Extrapolated,
    /// One was tried and cannot be fitted: it fails at once.
    Refused,
}

/// What a job means that cannot be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The plan is wrong: an error.
    Refuse,
    /// The job will fail and be recorded.
    Record,
}

/// What a kind of job costs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    /// Which jobs.
    pub(super) kind: Group,
    /// How many jobs there are.
    pub(super) jobs: usize,
    /// Seconds of one.
    pub(super) seconds_each: f64,
    pub(super) how: How,
}

/// The estimate of a sweep.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Estimate {
    /// Jobs in all.
    pub(super) jobs: usize,
    /// Jobs at a time.
    pub(super) workers: usize,
    /// Seconds of all jobs together.
    pub(super) seconds_of_work: f64,
    /// Seconds of the whole sweep with these workers.
    pub(super) seconds: f64,
    /// Bytes of a process without jobs, and of each job at a time more; missing where the system does not tell.
    pub(super) memory_bytes: Option<u64>,
    pub(super) memory_bytes_of_a_worker: Option<u64>,
    /// By kind of job.
    pub(super) kinds: Vec<Cost>,
}

impl Estimate {
    /// Of all jobs of a sweep, those that have ended among them. Every kind of which none has ended is tried for some seconds.
    ///
    /// # Errors
    /// If a job cannot be prepared or fitted and that is to be refused, or the user interrupts the program.
    pub(super) fn make(
        workshop: &Workshop<'_>,
        merged: &Merged,
        n_workers: usize,
        budget: Duration,
        wrong: Wrong,
    ) -> anyhow::Result<Self> {
        let mut ended: BTreeMap<Group, (usize, f64)> = BTreeMap::new();
        for file in merged.files.iter().filter(|file| file.is_done()) {
            let (n, sum) = ended.entry(Group::of(&file.job)).or_default();
            *n += 1;
            *sum += file.seconds;
        }
        let mut kinds: Vec<(Group, usize, &Job)> = Vec::new();
        let mut places: BTreeMap<Group, usize> = BTreeMap::new();
        for job in &workshop.sweep.jobs {
            let group = Group::of(job);
            let at = *places.entry(group.clone()).or_insert(kinds.len());
            match kinds.get_mut(at) {
                Some((_, n, _)) => *n += 1,
                None => kinds.push((group, 1, job)),
            }
        }
        // Before anything is measured, what every process holds.
        for recording in &workshop.sweep.recordings {
            workshop.recordings.get(&recording.name())?;
        }
        memory::forget_peak();
        let base = memory::resident();
        let untried = kinds.iter().filter(|(group, ..)| !ended.contains_key(group));
        let tried: Mutex<BTreeMap<&Group, anyhow::Result<Probe>>> = Mutex::default();
        let n_at_once = n_workers.min(untried.clone().count());
        workers::each(untried, n_at_once, |(group, _, job)| {
            let probe = workshop.probe(job, budget);
            let is_good = probe.is_ok() || (wrong == Wrong::Record && !interrupt::is_asked());
            tried.lock().unwrap_or_else(PoisonError::into_inner).insert(group, probe);
            is_good
        });
        let peak = memory::peak();
        interrupt::check()?;
        let mut tried = tried.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut costs = Vec::new();
        for (group, jobs, _) in &kinds {
            let (seconds_each, how) = match (ended.get(group), tried.remove(group)) {
                (Some((n, sum)), _) => (sum / *n as f64, How::Ended),
                (None, Some(Err(_))) if wrong == Wrong::Record => (0.0, How::Refused),
                (None, Some(probe)) => seconds_of(probe?),
                // Another one was wrong, whose error comes later in this loop.
                (None, None) => continue,
            };
            costs.push(Cost { kind: group.clone(), jobs: *jobs, seconds_each, how });
        }
        let seconds_of_work = costs.iter().map(|cost| cost.seconds_each * cost.jobs as f64).sum::<f64>();
        let over = |peak: u64, base: u64| peak.saturating_sub(base).div_ceil(n_at_once.max(1) as u64);
        Ok(Self {
            jobs: workshop.sweep.jobs.len(),
            workers: n_workers,
            seconds_of_work,
            seconds: seconds_of_work / n_workers.max(1) as f64,
            memory_bytes: base,
            memory_bytes_of_a_worker: peak
                .zip(base)
                .filter(|_| n_at_once > 0)
                .map(|(peak, base)| over(peak, base)),
            kinds: costs,
        })
    }

    /// Keeps it in the folder of the sweep.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(&self, out: &Path) -> anyhow::Result<()> {
        let path = out.join(ESTIMATE);
        let _locked = Lock::wait_for_file(&path, "sweep")?;
        atomic::sweep_of(&path)?;
        write_json(&path, self)
    }

    /// Removes what a process left that was killed while it wrote an estimate.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn tidy(out: &Path) -> anyhow::Result<()> {
        let path = out.join(ESTIMATE);
        let _locked = Lock::wait_for_file(&path, "sweep")?;
        Ok(atomic::sweep_of(&path)?)
    }

    /// That of the folder, if there is one.
    pub(super) fn read(out: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(out.join(ESTIMATE)).ok()?).ok()
    }

    /// Seconds of a job of a kind.
    pub(super) fn seconds_of(&self, group: &Group) -> Option<f64> {
        self.kinds.iter().find(|cost| cost.kind == *group).map(|cost| cost.seconds_each)
    }

    /// Seconds of some jobs; `None` if a kind is unknown.
    pub(super) fn seconds_of_jobs<'a>(&self, jobs: impl IntoIterator<Item = &'a Job>) -> Option<f64> {
        let by_kind: BTreeMap<&Group, f64> =
            self.kinds.iter().map(|cost| (&cost.kind, cost.seconds_each)).collect();
        jobs.into_iter().map(|job| by_kind.get(&Group::of(job)).copied()).sum()
    }

    /// Bytes of a process that runs so many jobs at a time.
    pub(super) fn memory_of(&self, n_workers: usize) -> Option<u64> {
        let each = self.memory_bytes_of_a_worker.unwrap_or(0);
        Some(self.memory_bytes?.saturating_add(each.saturating_mul(n_workers as u64)))
    }
}

fn seconds_of(probe: Probe) -> (f64, How) {
    match probe {
        Probe::Whole { seconds } => (seconds, How::Tried),
        Probe::Begun { seconds, epochs, most } => {
            let all = most.min(EXPECTED_EPOCHS.max(epochs)) as f64;
            (seconds * all / epochs.max(1) as f64, How::Extrapolated)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_extrapolated_to_those_that_are_expected_and_allowed() {
        let begun = |epochs, most| seconds_of(Probe::Begun { seconds: 3.0, epochs, most });
        assert_eq!(begun(10, 1000), (45.0, How::Extrapolated));
        assert_eq!(begun(10, 20), (6.0, How::Extrapolated));
        assert_eq!(begun(300, 1000), (3.0, How::Extrapolated));
        assert_eq!(seconds_of(Probe::Whole { seconds: 1.5 }), (1.5, How::Tried));
    }
}
