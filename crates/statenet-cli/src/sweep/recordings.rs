//! The recordings of a sweep: read once, shared by all jobs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, anyhow, bail};
use clap::Parser;
use serde_json::Value;
use statenet::{
    core::Digest,
    data::{Cut, SimulationConfig},
    prelude::*,
    train::sweep::{Known, RecordingPlan},
};

use super::folder::Sweep;
use crate::{
    reading::{DataPaths, Format, Origin, ReadArgs, SelectArgs, content, source},
    shared::{Inputs, Lock, SplitArgs, cut, front_end},
};

/// At most so many recordings are kept in memory.
const KEPT: usize = 3;

/// The recordings of a sweep, with their splits.
pub(super) struct Recordings<'a> {
    sweep: &'a Sweep,
    out: &'a Path,
    /// The last used ones, the oldest first.
    kept: Mutex<Vec<(String, Arc<Loaded>)>>,
}

/// A recording in memory.
pub(super) struct Loaded {
    pub(super) inputs: Inputs,
    splits: Mutex<BTreeMap<String, Arc<Split>>>,
}

impl<'a> Recordings<'a> {
    pub(super) fn new(sweep: &'a Sweep, out: &'a Path) -> Self {
        Self { sweep, out, kept: Mutex::default() }
    }

    /// A recording by its name in the plan.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn get(&self, name: &str) -> anyhow::Result<Arc<Loaded>> {
        // Others wait: they need it too.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, loaded)) = kept.iter().find(|(of, _)| of == name) {
            return Ok(Arc::clone(loaded));
        }
        let plan = self.sweep.recordings.iter().find(|recording| recording.name() == name);
        let plan = plan.with_context(|| format!("the plan has no recording {name}"))?;
        let planned = self.sweep.jobs.iter().find(|job| job.recording == name);
        if let Some(planned) = planned.and_then(|job| job.reads.get("recording"))
            && *planned != content_of(plan, &self.sweep.base)?
        {
            bail!(
                "recording {name} has changed since the sweep was planned: name the plan again with --plan"
            );
        }
        let loaded = Arc::new(load(plan, &self.sweep.base, self.out)?);
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((name.to_owned(), Arc::clone(&loaded)));
        Ok(loaded)
    }
}

impl Loaded {
    /// A split of the recording.
    ///
    /// # Errors
    /// If the rule does not fit, or sounds in different parts are alike and this is not allowed.
    pub(super) fn split(
        &self,
        text: &str,
        base: &Path,
        allow_similar_sounds: bool,
    ) -> anyhow::Result<Arc<Split>> {
        let mut splits = self.splits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(split) = splits.get(text) {
            return Ok(Arc::clone(split));
        }
        let plan = match text.parse()? {
            SplitPlan::File(path) => SplitPlan::File(base.join(path)),
            plan => plan,
        };
        let split = SplitArgs { allow_similar_sounds }.resolve(&plan, self.inputs.cochleagrams())?;
        let split = Arc::new(split);
        splits.insert(text.to_owned(), Arc::clone(&split));
        Ok(split)
    }
}

/// What has to be known of the recordings to list their jobs. Reads all of them, one after the other.
pub(super) fn known(sweep: &Sweep, out: &Path) -> anyhow::Result<Vec<Known>> {
    let one = |plan: &RecordingPlan| {
        let content = content_of(plan, &sweep.base)?;
        let recording = read(plan, &sweep.base, out)?;
        anyhow::Ok(Known { n_stimuli: recording.n_stimuli(), neuron_ids: recording.neuron_ids(), content })
    };
    sweep
        .recordings
        .iter()
        .map(|plan| one(plan).with_context(|| format!("recording {}", plan.name())))
        .collect()
}

/// The recordings of a sweep by their names, in the order of the plan.
///
/// # Errors
/// If one cannot be read.
pub(crate) fn read_all(sweep: &Sweep, out: &Path) -> anyhow::Result<Vec<(String, Recording)>> {
    let one = |plan: &RecordingPlan| {
        let recording = read(plan, &sweep.base, out).with_context(|| format!("recording {}", plan.name()))?;
        anyhow::Ok((plan.name(), recording))
    };
    sweep.recordings.iter().map(one).collect()
}

/// A digest of the files of a recording and of the options with which they are read. Where it lies and what it is called make no
/// difference.
fn content_of(plan: &RecordingPlan, base: &Path) -> anyhow::Result<String> {
    let mut digest = Digest::default();
    let options = RecordingPlan { name: None, data: None, neurons: None, ..plan.clone() };
    digest.add(&serde_json::to_vec(&options)?);
    let mut files: Vec<PathBuf> = plan.data.iter().map(|data| base.join(data)).collect();
    files.extend(read_args(plan, base)?.inputs().into_iter().map(|(_, path)| path.to_path_buf()));
    files.extend(front_end_file(plan, base));
    for path in files {
        digest.add(content(&path)?.to_string().as_bytes());
    }
    Ok(digest.to_string())
}

/// Refuses a file that has changed since the sweep was planned.
///
/// # Errors
/// If so, and if it cannot be read.
pub(super) fn expect_unchanged(path: &Path, planned: &str) -> anyhow::Result<()> {
    if content(path)?.to_string() != planned {
        bail!("{}: has changed since the sweep was planned: name the plan again with --plan", path.display());
    }
    Ok(())
}

fn load(plan: &RecordingPlan, base: &Path, out: &Path) -> anyhow::Result<Loaded> {
    let front_end = match (&plan.front_end, front_end_file(plan, base)) {
        (_, Some(file)) => Some(front_end(&file.display().to_string())?),
        (Some(name), None) => Some(front_end(name)?),
        (None, None) => None,
    };
    let recording = read(plan, base, out).with_context(|| format!("recording {}", plan.name()))?;
    let inputs = Inputs::new(recording.smoothed().into_owned(), front_end.as_ref())?;
    Ok(Loaded { inputs, splits: Mutex::default() })
}

/// The file of a front end, if it is one.
fn front_end_file(plan: &RecordingPlan, base: &Path) -> Option<PathBuf> {
    let path = Path::new(plan.front_end.as_ref()?);
    path.extension().is_some_and(|ending| ending == "json" || ending == "toml").then(|| base.join(path))
}

/// Reads or simulates a recording, and cuts it.
fn read(plan: &RecordingPlan, base: &Path, out: &Path) -> anyhow::Result<Recording> {
    let recording = match (&plan.data, &plan.simulate) {
        (Some(data), _) => {
            let (path, args) = (base.join(data), read_args(plan, base)?);
            // Conversions into one cache by several processes follow each other.
            let is_converted = args.from.is_some() || Format::of(&path).is_some();
            let _converting =
                is_converted.then(|| Lock::wait_for_file(&out.join("cache"), "sweep")).transpose()?;
            let paths = DataPaths::from(path.into_os_string());
            let origin = Origin::of(Some(&paths), args, out);
            source(&origin, &SelectArgs::default(), 0, &mut Sweep::warnings())?.recording
        }
        (None, Some(simulate)) => simulated(simulate)?,
        (None, None) => return Err(anyhow!("the plan names neither data nor a simulation")),
    };
    let by: Option<Cut> = plan.cut.as_ref().map(|text| text.parse()).transpose()?;
    cut(recording, by.as_ref())
}

fn simulated(config: &SimulationConfig) -> anyhow::Result<Recording> {
    Ok(config.simulate().context("simulating a population")?.recording)
}

/// The options of reading, as on the command line.
#[derive(Parser)]
#[command(no_binary_name = true)]
struct Options {
    #[command(flatten)]
    read: ReadArgs,
}

fn read_args(plan: &RecordingPlan, base: &Path) -> anyhow::Result<ReadArgs> {
    let mut words = Vec::new();
    for (option, value) in &plan.read {
        words.push(format!("--{option}"));
        match value {
            Value::Bool(true) => {}
            Value::String(text) => words.push(text.clone()),
            Value::Number(number) => words.push(number.to_string()),
            Value::Array(list) => {
                let text =
                    |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                words.push(list.iter().map(text).collect::<Vec<_>>().join(","));
            }
            other => {
                return Err(anyhow!(
                    "read.{option} of the plan is {other}, expected a text, a number or true"
                ));
            }
        }
    }
    let mut read = Options::try_parse_from(words).map_err(|e| {
        let said = e.to_string();
        let first = said.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        anyhow!("read of the plan: {first}")
    })?;
    for path in [&mut read.read.spikes, &mut read.read.onsets, &mut read.read.audio].into_iter().flatten() {
        *path = base.join(&*path);
    }
    Ok(read.read.with_dt(plan.dt))
}
