//! The search itself.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use candle_core::Device;
use serde::{Deserialize, Serialize};
use serde_json::json;
use statenet_core::{Digest, Seed};
use statenet_data::{Recording, Split, SplitPlan, Stimulus};
use statenet_models::{Mode, ModelConfig};

use super::{
    choice::{Candidate, choose},
    recipe::{Cost, RecipeFields, RecipeFile, SearchRecord},
    rungs::{best_of, rungs},
    space::Space,
    trial::{self, FoldResult, Trial, TrialResult},
};
use crate::{
    error::{Error, Result},
    fit::fitted_stimuli,
    gradient::{FitConfig, Fitter, digest_of_data, side_by_side},
    hearing::FitInput,
    validation::Validation,
};

/// How often the state of a fit is saved.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// A fold scores, another one stops the fit, and one at least trains.
const LEAST_FOLDS: usize = 3;

/// Settings of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SearchConfig {
    /// Number of trials, the model's own recipe among them. Default 12.
    pub trials: usize,
    /// Number of folds, at least 3; fewer where there are not as many groups of unlike stimuli. Default 5.
    pub folds: usize,
    /// Epochs of the last rung, at most. Default 240.
    pub epochs: usize,
    /// Seed of the trials. The fits have that of their settings.
    pub seed: Seed,
}

impl Default for SearchConfig {
    fn default() -> Self {
        Self { trials: 12, folds: 5, epochs: 240, seed: Seed::new(0) }
    }
}

type Stop<'a> = Box<dyn Fn() -> bool + Sync + 'a>;
type Watch<'a> = Box<dyn FnMut(&TrialResult) + 'a>;

/// A search for the recipe of a model on a recording; the [module](crate::search) says how it goes.
///
/// ```
/// use candle_core::Device;
/// use statenet_data::{SimulationConfig, SplitPlan};
/// use statenet_models::zoo;
/// use statenet_train::{FitConfig, search::{Search, SearchConfig}};
///
/// let recording = SimulationConfig::small().simulate()?.recording;
/// let split = SplitPlan::Demo.resolve(&recording)?;
/// let model = zoo::linear(&recording.axes());
/// let base = FitConfig::recipe(&model);
/// let config = SearchConfig { trials: 2, folds: 3, epochs: 2, ..SearchConfig::default() };
/// let folder = tempfile::tempdir()?;
/// let search = Search::new(config, folder.path().join("trials"), folder.path().join("states"));
/// let found = search.run(&model, &base, &recording, &split, &Device::Cpu)?;
/// let settings = found.recipe.fit_config(&base)?;
/// # let _ = settings;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Search<'a> {
    config: SearchConfig,
    results: PathBuf,
    states: PathBuf,
    fixed: Vec<String>,
    watch: Option<Watch<'a>>,
    stop: Option<Stop<'a>>,
}

impl<'a> Search<'a> {
    /// A search that keeps a file of each trial in the folder `results`, and the states of its fits, until it ends, in the folder `states`.
    #[must_use]
    pub fn new(config: SearchConfig, results: impl Into<PathBuf>, states: impl Into<PathBuf>) -> Self {
        let (results, states) = (results.into(), states.into());
        Self { config, results, states, fixed: Vec::new(), watch: None, stop: None }
    }

    /// Does not vary the fields whose paths begin so: they stay as the settings have them.
    #[must_use]
    pub fn fixed(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fixed = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Calls `watch` after each trial of each rung, also after one whose file was there.
    #[must_use]
    pub fn on_trial(mut self, watch: impl FnMut(&TrialResult) + 'a) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    /// Asks before each trial and after each epoch whether to stop. If so, the search ends with [`Error::SearchInterrupted`], and the same
    /// search, run again, goes on from there.
    #[must_use]
    pub fn stop_when(mut self, stop: impl Fn() -> bool + Sync + 'a) -> Self {
        self.stop = Some(Box::new(stop));
        self
    }

    /// Finds the recipe. The fits of a trial run side by side, in as many threads as the rayon pool of the caller has, with the same result
    /// for any number of them. A model of your own, which a registry builds, cannot be searched yet.
    ///
    /// # Errors
    /// [`Error::Setting`] for no trial, too few folds or no epoch; [`Error::Data`] for too few groups of unlike stimuli outside the test part;
    /// [`Error::NothingToScore`] if no trial of the last rung has a score; [`Error::SearchInterrupted`]; those of
    /// [`Fitter::fit`], but for losses that are not finite, which end a trial and not the search.
    pub fn run(
        mut self,
        model: &ModelConfig,
        base: &FitConfig,
        recording: &Recording,
        split: &Split,
        device: &Device,
    ) -> Result<RecipeFile> {
        self.config.validate()?;
        // Neither the test part nor stimuli that the split leaves out.
        let mut all = fitted_stimuli(split, true);
        all.sort_unstable();
        let recording = &recording.select_stimuli(&all)?;
        let folds = folds(recording, self.config.folds)?;
        let config = model.clone().resolved()?;
        let base = &FitConfig { max_epochs: self.config.epochs, ..base.clone() };
        let built = config.build(base.seed, device)?;
        let n_bins: Vec<usize> = recording.stimuli().iter().map(Stimulus::n_bins).collect();
        let fixed: Vec<&str> = self.fixed.iter().map(String::as_str).collect();
        let space = Space::of(&config, &*built, base, &n_bins, &fixed);
        let key = self.key(&config, base, &space, recording, &folds)?;
        let task = Task { config: &config, base, recording, folds: &folds, device, key: &key };
        let rungs = rungs(self.config.trials, self.config.epochs);
        let mut trials: Vec<Trial> = (0..self.config.trials)
            .map(|index| space.trial(index, self.config.seed, &config, base))
            .collect();
        let mut results: Vec<TrialResult> = Vec::new();
        for (at, rung) in rungs.iter().enumerate() {
            let scored: Vec<_> =
                results.iter().filter(|r| r.rung + 1 == at).map(|r| (r.trial.index, r.score)).collect();
            if at > 0 {
                let best = best_of(&scored, rung.trials);
                trials.retain(|trial| best.contains(&trial.index));
            }
            for trial in &trials {
                let result = self.trial(&task, trial, at, rung.epochs)?;
                if let Some(watch) = &mut self.watch {
                    watch(&result);
                }
                results.push(result);
            }
        }
        let last: Vec<&TrialResult> = results.iter().filter(|r| r.rung + 1 == rungs.len()).collect();
        let record = self.record(&config, space, &folds, recording, rungs, &last)?;
        remove(&self.states)?;
        let fields = RecipeFields { fit: record.chosen.fit.clone(), model: record.chosen.model.clone() };
        let seconds: f64 = results.iter().map(|result| result.seconds).sum();
        // Rungs go on where the one before ended: the last result of a trial has all its epochs.
        let of_trial = |index: usize| results.iter().rev().find(|r| r.trial.index == index);
        let lasts = (0..self.config.trials).filter_map(of_trial);
        let epochs = lasts.flat_map(|r| &r.folds).map(|fold| fold.epochs_run).sum();
        let cost = Cost { fits: self.config.trials * folds.len(), epochs, seconds };
        Ok(RecipeFile::new(fields, Some(SearchRecord { cost, results, ..record })))
    }

    /// What is written of a search, but for its cost and its trials.
    fn record(
        &self,
        config: &ModelConfig,
        space: Space,
        folds: &[Split],
        recording: &Recording,
        rungs: Vec<super::Rung>,
        last: &[&TrialResult],
    ) -> Result<SearchRecord> {
        let candidates: Vec<Candidate> = last
            .iter()
            .filter(|result| result.score.is_some())
            .map(|result| Candidate {
                trial: result.trial.index,
                folds: result.folds.iter().map(|fold| fold.score).collect(),
                strength: result.trial.strength,
            })
            .collect();
        let of = |index: usize| last.iter().find(|result| result.trial.index == index);
        let found = choose(&candidates).and_then(|choice| {
            let (chosen, best) = (of(choice.chosen)?, of(choice.best)?);
            Some((chosen.trial.clone(), chosen.score?, choice.best, best.score?))
        });
        let (chosen, score, best, best_score) = found.ok_or_else(|| {
            let failed = last.iter().flat_map(|r| &r.folds).find_map(|fold| fold.failed.clone());
            let reason = failed.unwrap_or_else(|| "no fold of any trial has a score".to_owned());
            Error::NothingToScore { reason }
        })?;
        let names = |split: &Split| {
            let name = |&s: &usize| recording.stimuli().get(s).map(|stimulus| stimulus.name().to_owned());
            split.test().iter().filter_map(name).collect()
        };
        Ok(SearchRecord {
            model: config.slug(),
            config: SearchConfig { folds: folds.len(), ..self.config },
            space,
            folds: folds.iter().map(names).collect(),
            rungs,
            chosen,
            score,
            best,
            best_score,
            cost: Cost::default(),
            results: Vec::new(),
        })
    }

    /// Digest of everything that the result of a trial depends on besides the trial itself.
    fn key(
        &self,
        config: &ModelConfig,
        base: &FitConfig,
        space: &Space,
        recording: &Recording,
        folds: &[Split],
    ) -> Result<String> {
        let data = digest_of_data(recording, 0..recording.n_stimuli())?;
        // Whatever the number of trials: more of them do not change those that were.
        let all = json!({"model": config, "fit": base, "space": space, "seed": self.config.seed, "folds": folds, "data": data});
        Ok(Digest::of(all.to_string().as_bytes()).to_string())
    }

    /// The result of a trial in a rung: from its file, or from its fits.
    fn trial(&self, task: &Task<'_>, trial: &Trial, rung: usize, epochs: usize) -> Result<TrialResult> {
        if let Some(result) = trial::read(&self.results, task.key, trial, (rung, epochs))? {
            return Ok(result);
        }
        let (stop, states, key) = (&self.stop, &self.states, task.key);
        let stops = || stop.as_ref().is_some_and(|stop| stop());
        if stops() {
            return Err(self.interrupted());
        }
        let begun = Instant::now();
        let folds: Vec<(usize, &Split)> = task.folds.iter().enumerate().collect();
        let state = |fold: usize| states.join(format!("trial-{:03}.fold-{fold}", trial.index));
        let fits = side_by_side(folds, |(fold, split)| task.fit(trial, split, &state(fold), epochs, &stops));
        let folds: Result<Vec<FoldResult>> = fits.into_iter().collect();
        let folds = match folds {
            Err(Error::Interrupted { .. }) => return Err(self.interrupted()),
            other => other?,
        };
        let result = TrialResult::new(trial.clone(), rung, epochs, folds, begun.elapsed().as_secs_f64());
        trial::write(&self.results, key, &result)?;
        Ok(result)
    }

    fn interrupted(&self) -> Error {
        Error::SearchInterrupted { saved_in: self.results.clone() }
    }
}

impl SearchConfig {
    fn validate(&self) -> Result<()> {
        let checks =
            [("trials", self.trials, 1), ("folds", self.folds, LEAST_FOLDS), ("epochs", self.epochs, 1)];
        match checks.into_iter().find(|(_, n, least)| n < least) {
            Some((setting, n, least)) => {
                let setting = match setting {
                    "trials" => "number of trials",
                    "folds" => "number of folds",
                    _ => "number of epochs",
                };
                let expected = if least == 1 { "1 or more" } else { "3 or more" };
                Err(Error::Setting { setting, got: n.to_string(), expected })
            }
            None => Ok(()),
        }
    }
}

/// The splits of a cross-validation: fold i tests, fold i + 1 validates, the others train; alike sounds are in one fold. Fewer folds than
/// asked for where there are fewer groups of unlike sounds.
fn folds(recording: &Recording, most: usize) -> Result<Vec<Split>> {
    let of = |n: usize| -> Result<Vec<Split>> {
        let one = |fold| {
            let plan = SplitPlan::Grouped { field: "alike".to_owned(), n_folds: n, fold };
            Ok(plan.resolve(recording)?)
        };
        (0..n).map(one).collect()
    };
    let mut failed = None;
    for n in (LEAST_FOLDS..=most).rev() {
        match of(n) {
            Ok(folds) => return Ok(folds),
            Err(error) => failed = Some(error),
        }
    }
    let setting =
        || Error::Setting { setting: "number of folds", got: most.to_string(), expected: "3 or more" };
    Err(failed.unwrap_or_else(setting))
}

/// What the fits of a search share.
struct Task<'a> {
    config: &'a ModelConfig,
    base: &'a FitConfig,
    recording: &'a Recording,
    folds: &'a [Split],
    device: &'a Device,
    key: &'a str,
}

impl Task<'_> {
    /// Fits a trial to the training part of a fold's split for so many epochs, stopped by the validation part, and scores it on the test part.
    fn fit(
        &self,
        trial: &Trial,
        split: &Split,
        state: &Path,
        epochs: usize,
        stops: &(dyn Fn() -> bool + Sync),
    ) -> Result<FoldResult> {
        let recipe = RecipeFields { fit: trial.fit.clone(), model: trial.model.clone() };
        let config = recipe.model_config(self.config)?;
        let settings = recipe.fit_config(self.base)?;
        let attempt = || {
            let mut model = config.build(settings.seed, self.device)?;
            let fitter = Fitter::new(settings.clone())
                .resume_in(state, SAVE_EVERY)
                .keep_state()
                .pause_after(epochs)
                .stop_when(stops);
            let fit = fitter.fit(&mut *model, self.recording, split)?;
            Ok((model, fit.history))
        };
        let fitted = match attempt() {
            // Of a search with other settings or data in the same place.
            Err(Error::OtherFit { .. } | Error::DamagedState { .. }) => {
                remove(state)?;
                attempt()
            }
            other => other,
        };
        let (model, history) = match fitted {
            Err(failed @ Error::NotFinite { .. }) => {
                let failed = Some(failed.to_string());
                return Ok(FoldResult { score: None, epochs_run: 0, best_epoch: 0, failed });
            }
            other => other?,
        };
        let [train, stopping, scored] = [split.train(), split.val(), split.test()].map(<[usize]>::to_vec);
        let scored = Split::new(train, scored, stopping)?;
        let input = FitInput::new(&*model, self.recording, split.train())?;
        let validation = Validation::new(&input.recording, &scored, self.device)?;
        let score = validation.score(|x| input.forward(&*model, x, Mode::Eval))?;
        Ok(FoldResult { score, epochs_run: history.n_epochs(), best_epoch: history.best_epoch, failed: None })
    }
}

/// Removes a folder, if it is there.
fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::File { path: folder.to_path_buf(), action: "remove", source: e.into() })
        }
        _ => Ok(()),
    }
}
