//! The options of `benchmark`. Scripts rely on their names: do not rename them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, ensure};
use clap::Parser;
use serde_json::json;
use statenet::train::sweep::{Plan, Shard};

use super::models::{Entry, listed};
use crate::shared::MachineArgs;

/// Compare models on recordings over seeds and splits, with intervals and tests
#[derive(Parser, Clone, Debug)]
#[command(
    after_help = "Without --data, two simulated populations are benchmarked: neurons without memory beyond their \
receptive field, and neurons with it.\n\
A fit that fails, or a model that a recording does not suit, is listed with its cause."
)]
pub struct BenchmarkArgs {
    /// Folders of recordings, or data of other formats, separated by commas
    #[arg(long, value_name = "DIR[,DIR]", value_delimiter = ',')]
    pub(super) data: Vec<PathBuf>,
    /// Add the two simulated populations to the recordings
    #[arg(long)]
    pub(super) simulated: bool,
    /// Models, separated by commas: all (ridge and every model of the zoo, with and without adaptation), zoo (ridge and those of the zoo
    /// that take cochleagrams, as they are), names, NAME+adaptrans, NAME+ic, config files
    #[arg(long, value_name = "LIST", default_value = "all", value_delimiter = ',')]
    pub(super) models: Vec<String>,
    /// Number of seeds
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seeds: u64,
    /// Splits, separated by commas; loo, kfold:K, grouped:FIELD:K and nested:K/J are all their folds
    #[arg(long, value_name = "LIST", default_value = "demo", value_delimiter = ',')]
    pub(super) split: Vec<String>,
    /// Shares of the training sounds, separated by commas, such as 0.25,0.5,1: models are also fitted to these; 1 must be among them
    #[arg(long, value_name = "LIST", default_value = "1", value_delimiter = ',')]
    pub(super) train: Vec<f64>,
    /// Maximum number of epochs; default: that of each model's recipe
    #[arg(long, value_name = "N")]
    pub(super) epochs: Option<usize>,
    /// Least signal power of a neuron in means, (spikes per bin)^2 or the square of another unit; default: all neurons count
    #[arg(long, value_name = "X")]
    pub(super) min_signal_power: Option<f64>,
    /// Accept a split in which sounds of different parts are alike
    #[arg(long)]
    pub(super) allow_similar_sounds: bool,
    /// The plan of a sweep, a TOML file, in place of the options above
    #[arg(
        long,
        value_name = "FILE.toml",
        conflicts_with_all = ["data", "simulated", "models", "seeds", "split", "train", "epochs", "min_signal_power", "allow_similar_sounds"]
    )]
    pub(super) plan: Option<PathBuf>,
    /// The model that the others are compared with
    #[arg(long, value_name = "NAME", default_value = "statenet-gru")]
    pub(super) against: String,
    /// Part I of N of the fits, I from 0; what they found is written once all parts are there
    #[arg(long, value_name = "I/N", default_value = "0/1")]
    pub(super) shard: Shard,
    /// Run failed fits again, and those whose file is damaged
    #[arg(long)]
    pub(super) retry: bool,
    /// Seconds that each kind of fit is tried for the estimate of what they cost
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub(super) probe: f64,
    /// Estimate what the fits cost, and run none
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) machine: MachineArgs,
    /// Folder for the fits and benchmark.json, .csv, .tex and .html: new, or that of an earlier benchmark, whose finished fits are kept
    #[arg(long, value_name = "DIR", default_value = "out/benchmark")]
    pub(super) out: PathBuf,
}

/// Two simulated populations: neurons that have no memory beyond their receptive field, and neurons that have.
const SIMULATED: [&str; 2] = [
    "{name = 'simulated-memoryless', simulate = {neurons = {linear = 4, ln = 12, adaptation = 0, gain_control = 0, long_memory = 0}}}",
    "{name = 'simulated-memory', simulate = {neurons = {linear = 0, ln = 0, adaptation = 6, gain_control = 5, long_memory = 5}}}",
];

impl BenchmarkArgs {
    /// The fits as the plan of a sweep.
    ///
    /// # Errors
    /// If an option is out of range, or the plan is wrong.
    pub(super) fn plan(&self) -> anyhow::Result<Plan> {
        if let Some(file) = &self.plan {
            return Ok(Plan::read(file)?);
        }
        ensure!(self.seeds > 0, "--seeds is 0, expected 1 or more");
        ensure!(
            self.train.contains(&1.0),
            "--train is {:?}, expected 1, all training sounds, among them",
            self.train
        );
        let mut plan = Plan::parse(&self.plan_text()?)?;
        plan.base = std::env::current_dir().context("the folder in which this runs")?;
        plan.min_signal_power = self.min_signal_power;
        plan.allow_similar_sounds = self.allow_similar_sounds;
        Ok(plan)
    }

    /// How long each kind of fit is tried.
    ///
    /// # Errors
    /// If it is out of range.
    pub(super) fn budget(&self) -> anyhow::Result<Duration> {
        ensure!(
            self.probe > 0.0 && self.probe <= 3600.0,
            "--probe is {}, expected above 0 and at most 3600 seconds",
            self.probe
        );
        Ok(Duration::from_secs_f64(self.probe))
    }

    fn plan_text(&self) -> anyhow::Result<String> {
        let mut recordings = Vec::new();
        for (data, name) in self.data.iter().zip(names_of(&self.data)) {
            recordings.push(format!("{{name = {}, data = {}}}", quoted(&name), quoted(text(data)?)));
        }
        if self.simulated || self.data.is_empty() {
            recordings.extend(SIMULATED.map(str::to_owned));
        }
        let model = |Entry { model, prefilter }: Entry| {
            let vary =
                prefilter.map_or(String::new(), |name| format!(", vary = {{prefilter = {{{name} = {{}}}}}}"));
            format!("{{model = {}{vary}}}", quoted(&model))
        };
        let models: Vec<String> = listed(&self.models)?.into_iter().map(model).collect();
        let splits: Vec<String> = self.split.iter().map(|split| quoted(split)).collect();
        let mut plan = format!(
            "recordings = [{}]\nmodels = [{}]\nsplits = [{}]\nseeds = {}\ntrain = {:?}\n",
            recordings.join(", "),
            models.join(", "),
            splits.join(", "),
            self.seeds,
            self.train
        );
        if let Some(epochs) = self.epochs {
            plan += &format!("recipes = [{{epochs = {epochs}}}]\n");
        }
        Ok(plan)
    }
}

/// A text of TOML: one of JSON is.
fn quoted(text: &str) -> String {
    json!(text).to_string()
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().with_context(|| format!("{}: is no text in UTF-8", path.display()))
}

/// A name for each recording: the last part of its path, with a number from the second of the same name on.
fn names_of(data: &[PathBuf]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let one = |path: &PathBuf| {
        let stem =
            path.file_stem().map_or_else(|| "data".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let n = seen.entry(stem.clone()).or_insert(0);
        *n += 1;
        if *n == 1 { stem } else { format!("{stem}-{n}") }
    };
    data.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &[&str]) -> anyhow::Result<Plan> {
        BenchmarkArgs::try_parse_from([&["benchmark"], words].concat()).unwrap().plan()
    }

    #[test]
    fn options_are_the_plan_of_a_sweep() {
        let plan =
            plan(&["--data", "a/x y\"z,b/x y\"z", "--simulated", "--models", "ridge,ln+ic", "--seeds", "3"])
                .unwrap();
        let names: Vec<String> =
            plan.recordings.iter().map(statenet::train::sweep::RecordingPlan::name).collect();
        assert_eq!(names, ["x y\"z", "x y\"z-2", "simulated-memoryless", "simulated-memory"]);
        assert_eq!(plan.recordings[1].data.as_deref(), Some(Path::new("b/x y\"z")));
        assert!(plan.recordings[3].simulate.as_ref().is_some_and(|s| s.neurons.kinds().len() == 16));
        let models: Vec<&str> = plan.models.iter().map(|m| m.model.as_str()).collect();
        assert_eq!((models, plan.seeds.len(), plan.splits.len()), (vec!["ridge", "ln"], 3, 1));
    }

    #[test]
    fn without_data_both_simulated_populations_are_benchmarked() {
        assert_eq!(plan(&[]).unwrap().recordings.len(), 2);
        assert!(plan(&["--seeds", "0"]).unwrap_err().to_string().starts_with("--seeds is 0"));
    }
}
