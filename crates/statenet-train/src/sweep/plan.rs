//! The plan of a sweep, as people write it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet_data::SimulationConfig;

use super::{
    entry::{Candidates, FromText, entries, seeds},
    error::SweepError,
};
use crate::error::{Error, Result};

/// A sweep: all combinations of recordings, models, recipes, splits and seeds.
///
/// ```toml
/// splits = ["kfold:5"]          # default demo; loo, kfold:K, grouped:FIELD:K are all folds
/// seeds = 3                     # 0, 1, 2; or a list; default 1
/// train = [0.25, 1]             # shares of the training stimuli; default 1, all of them
/// checkpoints = true            # keeps every fitted model; default false
///
/// [[recordings]]                # or: recordings = ["../data/ns1"]
/// data = "../data/ns1"          # relative to this file
/// neurons = ["all", "each"]     # populations: all, a job for each neuron, or lists such as "0-9"
///
/// [[models]]                    # or: models = ["ridge", "ln"]
/// model = "statenet-gru"        # of the zoo, or a config file
/// vary = { hidden = [35, 70] }  # fields of its config: a value, or a list of values
///
/// [[recipes]]                   # fields of the settings of a fit; default the model's own recipe
/// epochs = 500
/// lr = [1e-3, 3e-4]
/// ```
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What is recorded.
    #[serde(deserialize_with = "entries")]
    pub recordings: Vec<RecordingPlan>,
    /// What is fitted.
    #[serde(deserialize_with = "entries")]
    pub models: Vec<ModelPlan>,
    /// Fields of [`FitConfig`](crate::FitConfig) that differ from the model's recipe; `epochs` is `max_epochs` and `lr` the learning rate.
    #[serde(default)]
    pub(super) recipes: Vec<BTreeMap<String, Candidates>>,
    /// Rules for splits, of one split or of all folds.
    #[serde(default = "demo")]
    pub splits: Vec<String>,
    /// Seeds of fits and intervals.
    #[serde(default = "first_seed", deserialize_with = "seeds")]
    pub seeds: Vec<u64>,
    /// Shares of the training stimuli that are fitted, each a job. Default all of them, 1.
    #[serde(default = "all_training")]
    pub train: Vec<f64>,
    /// Whether the fitted models are kept.
    #[serde(default)]
    pub checkpoints: bool,
    /// Least signal power of a neuron in means.
    #[serde(default)]
    pub min_signal_power: Option<f64>,
    /// Whether sounds in different parts of a split may be alike.
    #[serde(default)]
    pub allow_similar_sounds: bool,
    /// The folder that paths are relative to: that of the plan's file.
    #[serde(skip)]
    pub base: PathBuf,
}

fn demo() -> Vec<String> {
    vec!["demo".to_owned()]
}

fn all_training() -> Vec<f64> {
    vec![1.0]
}

fn first_seed() -> Vec<u64> {
    vec![0]
}

/// A recording of a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingPlan {
    /// Its name in names of jobs and results; default: the last part of `data`, or `simulated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The folder or file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Simulated neurons in place of data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulate: Option<SimulationConfig>,
    /// Populations: `all`, `each` for a job for each neuron, or lists of indices, ranges and ids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub neurons: Option<Vec<String>>,
    /// Width of a time bin in ms, of data without bins of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dt: Option<f64>,
    /// The front end that makes cochleagrams: a name or a config file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_end: Option<String>,
    /// Pieces of so many seconds, `SECONDS[,GAP]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<String>,
    /// How data of another format is read: options of the program by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<String, Value>,
}

impl FromText for RecordingPlan {
    fn from_text(text: &str) -> Self {
        Self { data: Some(text.into()), ..Self::default() }
    }
}

impl RecordingPlan {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let of_data = || Some(self.data.as_ref()?.file_stem()?.to_string_lossy().into_owned());
        self.name.clone().or_else(of_data).unwrap_or_else(|| "simulated".to_owned())
    }
}

/// A model of a plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPlan {
    /// `ridge`, a name of the zoo, or a config file.
    pub model: String,
    /// Fields of its config: a value, or a list of values.
    #[serde(default)]
    pub(super) vary: BTreeMap<String, Candidates>,
}

impl FromText for ModelPlan {
    fn from_text(text: &str) -> Self {
        Self { model: text.to_owned(), vary: BTreeMap::new() }
    }
}

impl Plan {
    /// Reads a plan. Paths in it are relative to its file.
    ///
    /// # Errors
    /// [`SweepError::Read`], [`SweepError::Plan`] with line and column, [`SweepError::Value`].
    pub fn read(path: &Path) -> Result<Self> {
        let read = |source| SweepError::Read { path: path.to_path_buf(), source };
        let text = fs::read_to_string(path).map_err(read)?;
        let mut plan = parsed(&text, &path.display().to_string())?;
        plan.base = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Ok(plan)
    }

    /// A plan from its text.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self> {
        parsed(text, "plan")
    }

    /// A path of the plan, relative to its file.
    #[must_use]
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.base.join(path)
    }

    fn check(&self) -> Result<()> {
        let lists = [
            ("recordings", self.recordings.is_empty(), "at least one recording"),
            ("models", self.models.is_empty(), "at least one model"),
            ("splits", self.splits.is_empty(), "at least one split"),
            ("seeds", self.seeds.is_empty(), "at least one seed"),
            ("train", self.train.is_empty(), "at least one share"),
        ];
        for (field, is_empty, expected) in lists {
            if is_empty {
                return Err(value(field, "empty", expected));
            }
        }
        if let Some(share) = self.train.iter().find(|&&share| !(share > 0.0 && share <= 1.0)) {
            return Err(value("train", &share.to_string(), "shares above 0 and at most 1"));
        }
        let mut names: Vec<String> = Vec::new();
        for (at, recording) in self.recordings.iter().enumerate() {
            let field = format!("recordings[{at}]");
            match (&recording.data, &recording.simulate) {
                (None, None) => return Err(value(&field, "without data", "data or simulate")),
                (Some(_), Some(_)) => return Err(value(&field, "data and simulate", "one of them")),
                _ => {}
            }
            if recording.neurons.as_ref().is_some_and(Vec::is_empty) {
                return Err(value(&format!("{field}.neurons"), "empty", "all, each or lists of neurons"));
            }
            let name = recording.name();
            if names.contains(&name) {
                return Err(value(&format!("{field}.name"), &name, "a name that no other recording has"));
            }
            names.push(name);
        }
        for (at, model) in self.models.iter().enumerate() {
            expect_values(&format!("models[{at}].vary"), &model.vary)?;
        }
        for (at, recipe) in self.recipes.iter().enumerate() {
            expect_values(&format!("recipes[{at}]"), recipe)?;
            if recipe.contains_key("seed") {
                return Err(value(
                    &format!("recipes[{at}].seed"),
                    "present",
                    "seeds of the plan, in the field seeds",
                ));
            }
        }
        Ok(())
    }
}

fn expect_values(place: &str, vary: &BTreeMap<String, Candidates>) -> Result<()> {
    match vary.iter().find(|(_, Candidates(values))| values.is_empty()) {
        Some((field, _)) => Err(value(&format!("{place}.{field}"), "empty", "a value or a list of values")),
        None => Ok(()),
    }
}

fn value(field: &str, got: &str, expected: &str) -> Error {
    SweepError::Value { field: field.to_owned(), got: got.to_owned(), expected: expected.to_owned() }.into()
}

fn parsed(text: &str, place: &str) -> Result<Plan> {
    let plan: Plan = toml::from_str(text).map_err(|e| {
        let before = e.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        SweepError::Plan {
            place: format!("{place}:{line}:{column}"),
            message: e.message().replace('\n', " "),
        }
    })?;
    plan.check()?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Plan::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_text_stands_for_a_recording_and_for_a_model() {
        let plan =
            Plan::parse("recordings = ['a/ns1', {simulate = {n_stimuli = 6}}]\nmodels = ['ln']").unwrap();
        let names: Vec<String> = plan.recordings.iter().map(RecordingPlan::name).collect();
        assert_eq!(names, ["ns1", "simulated"]);
        assert_eq!((plan.splits.as_slice(), plan.seeds.as_slice()), (&["demo".to_owned()][..], &[0][..]));
        assert_eq!(plan.recordings[1].simulate.as_ref().unwrap().n_stimuli, 6);
        let listed = Plan::parse("recordings = ['a']\nmodels = ['ln']\nseeds = [7, 3]").unwrap();
        assert_eq!(listed.seeds, [7, 3]);
    }

    #[test]
    fn every_fault_is_named_with_its_place() {
        let good = "recordings = ['a']\nmodels = ['ln']\n";
        for (text, says) in [
            ("models = ['ln']", "missing field `recordings`"),
            (
                "recordings = []\nmodels = ['ln']",
                "recordings of the plan is empty, expected at least one recording",
            ),
            (&format!("{good}sedes = 3"), "plan:3:1: unknown field `sedes`"),
            (&format!("{good}seeds = -1"), "plan:3:9: invalid value"),
            (&format!("{good}seeds = 10000000"), "at most 1000000 seeds"),
            (&format!("{good}train = [0.5, 1.5]"), "train of the plan is 1.5, expected shares above 0"),
            (&format!("{good}seeds = 0"), "seeds of the plan is empty"),
            (&format!("{good}splits = 3"), "plan:3:10: invalid type"),
            (&format!("{good}[[recipes]]\nlr = []"), "recipes[0].lr of the plan is empty"),
            (&format!("{good}[[recipes]]\nseed = 1"), "recipes[0].seed of the plan is present"),
            (
                "recordings = ['a', 'b/a']\nmodels = ['ln']",
                "recordings[1].name of the plan is a, expected a name",
            ),
            ("recordings = [{name = 'a'}]\nmodels = ['ln']", "recordings[0] of the plan is without data"),
            ("recordings = ['a']\nmodels = [3]", "expected a text or a table"),
            (
                "recordings = ['a']\nmodels = [{model = 'ln', vary = {x = []}}]",
                "models[0].vary.x of the plan is empty",
            ),
        ] {
            assert!(error(text).contains(says), "{text}: {}", error(text));
        }
        let missing = Plan::read(Path::new("nowhere.toml")).unwrap_err().to_string();
        assert_eq!(missing, "nowhere.toml: cannot read");
    }
}
