//! Jobs: one fit each, whose name tells everything that its result depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet_core::{Digest, Seed};
use statenet_models::ModelConfig;

use super::{error::SweepError, plan::Plan, splits::expand, variants::combinations, variants::set_fields};
use crate::{error::Result, gradient::FitConfig};

/// The longest part of a name before its digest.
const LONGEST: usize = 100;

/// One fit of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// What a person recognises, and eight digits of a digest of all that follows: a file name on every system.
    pub name: String,
    /// The name of the recording in the plan.
    pub recording: String,
    /// `all`, or a list of neurons.
    pub neurons: String,
    /// `ridge`, a name of the zoo, or a config file as the plan names it.
    pub model: String,
    /// Fields of the model's config that differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vary: BTreeMap<String, Value>,
    /// Fields of the settings of the fit that differ from the model's recipe.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipe: BTreeMap<String, Value>,
    /// The split, as a text of [`SplitPlan`](statenet_data::SplitPlan).
    pub split: String,
    /// The share of the training stimuli that is fitted, drawn by the seed; `None` for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<f64>,
    /// Seed of the fit and of intervals, and of a share of the training stimuli.
    pub seed: u64,
    /// Digests of what it reads, by field: `recording`, and `model` and `split` where these are files.
    pub reads: BTreeMap<String, String>,
}

/// What has to be known of a recording before its jobs can be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Number of stimuli, for the folds of `loo`.
    pub n_stimuli: usize,
    /// Ids of the neurons, for `each`.
    pub neuron_ids: Vec<String>,
    /// A digest of the recording's files and of the options with which they are read.
    pub content: String,
}

impl Job {
    /// The settings of the job's fit for a model.
    ///
    /// # Errors
    /// As [`set_fields`].
    pub fn fit_config(&self, model: &ModelConfig) -> Result<FitConfig> {
        let known = |field: &str| match field {
            "epochs" => "max_epochs".to_owned(),
            "lr" => "optimizer.learning_rate".to_owned(),
            other => other.to_owned(),
        };
        let fields = self.recipe.iter().map(|(field, value)| (known(field), value.clone())).collect();
        let config = set_fields(&FitConfig::recipe(model), "the recipe", &fields)?;
        config.validate()?;
        Ok(FitConfig { seed: Seed::new(self.seed), ..config })
    }

    /// Model, varied fields, recipe and share of the training stimuli in words, for tables: `statenet-gru hidden=35 lr=0.001`.
    #[must_use]
    pub fn label(&self) -> String {
        let fields = self.vary.iter().chain(&self.recipe);
        let stem = Path::new(&self.model).file_stem().unwrap_or_default().to_string_lossy();
        let model =
            fields.fold(stem.into_owned(), |text, (field, value)| format!("{text} {}={value}", last(field)));
        self.train.map_or(model.clone(), |share| format!("{model} train={share}"))
    }

    /// The job with its name.
    fn named(self) -> Self {
        let words = [&self.recording, &self.neurons, &self.label(), &self.split].map(|word| readable(word));
        let [recording, neurons, label, split] = &words;
        let neurons = if self.neurons == "all" { String::new() } else { format!(".n{neurons}") };
        let mut name = format!("{recording}{neurons}.{label}.{split}");
        name.truncate(
            (0..=LONGEST.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0),
        );
        let nameless = Self { name: String::new(), ..self };
        let text = serde_json::to_vec(&nameless).unwrap_or_default();
        let digest = Digest::of(&text).value() >> 32;
        Self { name: format!("{name}.s{}-{digest:08x}", nameless.seed), ..nameless }
    }
}

impl Plan {
    /// The jobs of the plan, for what is known of its recordings, in the order of the plan. Ridge regression has no recipe: it is listed
    /// once for all of them.
    ///
    /// # Errors
    /// [`SweepError::Value`] for a text that is no split, [`SweepError::Read`] for a file that cannot be read, [`SweepError::SameJob`].
    pub fn jobs(&self, known: &[Known]) -> Result<Vec<Job>> {
        let recipes: Vec<BTreeMap<String, Value>> = match self.recipes.as_slice() {
            [] => vec![BTreeMap::new()],
            recipes => recipes.iter().flat_map(combinations).collect(),
        };
        let mut models = Vec::new();
        for model in &self.models {
            let file = self.content_of(&model.model, &["json", "toml"])?;
            let in_closed_form = model.model == "ridge" || file.as_ref().is_some_and(FileContent::is_ridge);
            let recipes = if in_closed_form { vec![BTreeMap::new()] } else { recipes.clone() };
            models.push((&model.model, file.map(|file| file.digest), combinations(&model.vary), recipes));
        }
        let mut jobs = Vec::new();
        for (recording, known) in self.recordings.iter().zip(known) {
            let mut splits = Vec::new();
            for text in &self.splits {
                for split in expand(text, known.n_stimuli)? {
                    let file = self.content_of(&split, &["json"])?;
                    splits.push((split, file.map(|file| file.digest)));
                }
            }
            for neurons in populations(recording.neurons.as_deref(), known) {
                for (model, model_file, variants, recipes) in &models {
                    for (vary, recipe) in variants.iter().flat_map(|v| recipes.iter().map(move |r| (v, r))) {
                        for (split, split_file) in &splits {
                            let mut reads = BTreeMap::from([("recording".to_owned(), known.content.clone())]);
                            let files = [("model", model_file), ("split", split_file)];
                            reads.extend(
                                files
                                    .into_iter()
                                    .filter_map(|(of, digest)| Some((of.to_owned(), digest.clone()?))),
                            );
                            let shares = self.train.iter().map(|&share| (share < 1.0).then_some(share));
                            for (train, &seed) in
                                shares.flat_map(|share| self.seeds.iter().map(move |s| (share, s)))
                            {
                                let job = Job {
                                    name: String::new(),
                                    recording: recording.name(),
                                    neurons: neurons.clone(),
                                    model: (*model).clone(),
                                    vary: vary.clone(),
                                    recipe: recipe.clone(),
                                    split: split.clone(),
                                    train,
                                    seed,
                                    reads: reads.clone(),
                                };
                                jobs.push(job.named());
                            }
                        }
                    }
                }
            }
        }
        let mut names = BTreeSet::new();
        match jobs.iter().find(|job| !names.insert(job.name.to_lowercase())) {
            Some(job) => Err(SweepError::SameJob { name: job.name.clone() }.into()),
            None => Ok(jobs),
        }
    }

    /// The content of a file of the plan; `None` for a text that names none.
    fn content_of(&self, text: &str, endings: &[&str]) -> Result<Option<FileContent>> {
        let path = Path::new(text);
        if !path
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| endings.contains(&ending))
        {
            return Ok(None);
        }
        let path = self.path(path);
        let bytes = fs::read(&path).map_err(|source| SweepError::Read { path, source })?;
        Ok(Some(FileContent { digest: Digest::of(&bytes).to_string(), bytes }))
    }
}

struct FileContent {
    digest: String,
    bytes: Vec<u8>,
}

impl FileContent {
    /// Whether it describes a ridge regression.
    fn is_ridge(&self) -> bool {
        serde_json::from_slice::<Value>(&self.bytes).is_ok_and(|json| json.get("ridge").is_some())
    }
}

/// The populations of a recording, as texts of `--neurons` or `all`.
fn populations(neurons: Option<&[String]>, known: &Known) -> Vec<String> {
    let all = ["all".to_owned()];
    let one = |entry: &String| match entry.as_str() {
        // By index: an id may hold a comma.
        "each" => (0..known.neuron_ids.len()).map(|neuron| neuron.to_string()).collect(),
        _ => vec![entry.clone()],
    };
    neurons.unwrap_or(&all).iter().flat_map(one).collect()
}

/// The last part of a field's path.
fn last(field: &str) -> &str {
    field.rsplit('.').next().unwrap_or(field)
}

/// What of a text can be in a file name: letters, digits, points and underscores, and a hyphen for the rest.
fn readable(text: &str) -> String {
    let stem = if text.ends_with(".json") {
        Path::new(text).file_stem().and_then(|s| s.to_str()).unwrap_or(text)
    } else {
        text
    };
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let text: String = stem.trim_matches(|c: char| !c.is_ascii_alphanumeric()).chars().map(kept).collect();
    if text.is_empty() { "x".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statenet_core::{Axes, TimeBin};
    use statenet_models::zoo;

    use super::*;

    fn known(n: usize) -> Known {
        let neuron_ids = (0..n).map(|i| format!("u{i}")).collect();
        Known { n_stimuli: 6, neuron_ids, content: "0123".to_owned() }
    }

    const PLAN: &str = "splits = ['kfold:3', 'demo']\nseeds = 2\n[[recordings]]\ndata = 'x/ns1'\nneurons = ['all', 'each', '0-1']\n\
        [[models]]\nmodel = 'ridge'\n[[models]]\nmodel = 'statenet-gru'\nvary = {hidden = [35, 70], channels = 7}\n\
        [[recipes]]\nepochs = 3\nlr = [0.001, 3e-4]\n";

    #[test]
    fn jobs_are_all_combinations_and_ridge_has_no_recipe() {
        let jobs = Plan::parse(PLAN).unwrap().jobs(&[known(2)]).unwrap();
        // Populations: all, 0, 1, 0-1; ridge, and 2 sizes of 2 rates; 4 splits; 2 seeds.
        assert_eq!(jobs.len(), 4 * (1 + 2 * 2) * 4 * 2);
        assert!(jobs[0].name.starts_with("ns1.ridge.kfold-3-0.s0-"), "{}", jobs[0].name);
        let last = jobs.last().unwrap();
        let expected = "ns1.n0-1.statenet-gru-channels-7-hidden-70-epochs-3-lr-0.0003.demo.s1-";
        assert!(last.name.starts_with(expected), "{}", last.name);
        assert_eq!(last.label(), "statenet-gru channels=7 hidden=70 epochs=3 lr=0.0003");
        let axes = Axes::new(34, 3, TimeBin::from_millis(5.0).unwrap());
        let config = last.fit_config(&zoo::statenet_gru(&axes)).unwrap();
        assert_eq!((config.max_epochs, config.optimizer.learning_rate, config.seed.value()), (3, 3e-4, 1));
    }

    #[test]
    fn a_name_depends_on_what_is_read_and_on_nothing_else() {
        let plan = Plan::parse(PLAN).unwrap();
        let names =
            |known: Known| plan.jobs(&[known]).unwrap().into_iter().map(|job| job.name).collect::<Vec<_>>();
        assert_eq!(names(known(2)), names(known(2)));
        let other = names(Known { content: "4567".to_owned(), ..known(2) });
        assert!(names(known(2)).iter().all(|name| !other.contains(name)));
    }

    #[test]
    fn files_are_read_relative_to_the_plan_and_count_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write(
            "plan.toml",
            "recordings = ['a']\nmodels = ['my.json', 'lags.json']\nsplits = ['my-split.json']\n[[recipes]]\nepochs = [1, 2]",
        );
        write("my.json", "{}");
        write("lags.json", "{\"ridge\": {}}");
        let plan = Plan::read(&folder.path().join("plan.toml")).unwrap();
        let missing = plan.jobs(&[known(1)]).unwrap_err().to_string();
        assert!(missing.contains("my-split.json: cannot read"), "{missing}");
        write("my-split.json", "{}");
        let jobs = plan.jobs(&[known(1)]).unwrap();
        assert_eq!(jobs.len(), 3);
        assert!(jobs[0].name.starts_with("a.my-epochs-1.my-split.s0-"), "{}", jobs[0].name);
        write("my.json", "{ }");
        assert_ne!(plan.jobs(&[known(1)]).unwrap()[0].name, jobs[0].name);
    }

    #[test]
    fn shares_of_the_training_stimuli_are_jobs_and_all_of_them_is_the_job_without() {
        let jobs = |more: &str| {
            let plan = format!("recordings = ['a']\nmodels = ['ln']\nseeds = 2\n{more}");
            Plan::parse(&plan).unwrap().jobs(&[known(1)]).unwrap()
        };
        let (shares, without) = (jobs("train = [0.25, 1]"), jobs(""));
        assert_eq!((shares.len(), &shares[2..]), (4, &without[..]));
        assert!(shares[0].name.starts_with("a.ln-train-0.25.demo.s0-"), "{}", shares[0].name);
        assert!(!serde_json::to_string(&without[0]).unwrap().contains("train"));
    }

    #[test]
    fn the_same_job_twice_is_refused() {
        let plan = Plan::parse("recordings = ['a']\nmodels = ['ln', 'ln']").unwrap();
        let message = plan.jobs(&[known(1)]).unwrap_err().to_string();
        assert!(message.starts_with("the plan has the job a.ln.demo.s0-"), "{message}");
    }

    proptest! {
        #[test]
        fn names_are_file_names_whatever_the_words(recording in "[ -~é夜]{0,140}", neurons in "[ -~]{1,20}") {
            let job = Job {
                name: String::new(),
                recording,
                neurons,
                model: "ln".to_owned(),
                vary: BTreeMap::new(),
                recipe: BTreeMap::new(),
                split: "kfold:3/0".to_owned(),
                train: None,
                seed: u64::MAX,
                reads: BTreeMap::new(),
            };
            let name = job.named().name;
            prop_assert!(name.len() < 140 && !name.starts_with(['.', '-']), "{name}");
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)), "{name}");
        }
    }
}
