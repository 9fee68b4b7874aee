//! `summary.json`: the results of `fit`. Scripts rely on its fields: do not rename them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet::{
    core::{ResponseUnit, Warning},
    metrics::PairComparison,
    prelude::*,
    train::{Stopped, search::RecipeFile},
};

/// The content of the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The recording.
    pub dataset: Dataset,
    /// The models, in the order of the option `--model`.
    pub models: Vec<ModelSummary>,
    /// The model with the highest mean CCnorm against each other model, neuron by neuron.
    #[serde(default)]
    pub comparisons: Vec<PairComparison>,
    /// What is doubtful about the recording and its split.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// The recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dataset {
    /// Name of the recording.
    pub name: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Number of stimuli.
    pub stimuli: usize,
    /// Width of a time bin, ms.
    pub dt_ms: f64,
    /// Unit of continuous responses; left out for `spikes/bin`.
    #[serde(default, skip_serializing_if = "ResponseUnit::is_spikes")]
    pub response_unit: ResponseUnit,
    /// The options by which neurons and stimuli were chosen, as they were written; left out if all were taken, or neurons only
    /// listed. Indices of stimuli count those
    /// that were chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<String>,
}

impl Dataset {
    /// The description of a recording.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        Self {
            name: recording.name().to_owned(),
            neurons: recording.n_neurons(),
            stimuli: recording.n_stimuli(),
            dt_ms: recording.dt().ms(),
            response_unit: recording.response_unit().clone(),
            selected: Vec::new(),
        }
    }
}

/// A fit to training and validation stimuli together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Refit {
    /// Indices of the stimuli.
    pub stimuli: Vec<usize>,
    /// Epochs at each learning rate; empty for a fit in closed form.
    pub epochs: Vec<usize>,
    /// Loss of each epoch; a single value for a fit in closed form.
    pub train_loss: Vec<f64>,
    /// Duration in seconds, which `seconds_fit` counts, too.
    pub seconds: f64,
}

/// A recipe that is not the model's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecipeSummary {
    /// Path of its file, relative to this one: the search with its space, its folds, its trials and its cost.
    pub file: String,
    /// The fields of the settings of the fit that it sets, by path.
    pub fit: BTreeMap<String, Value>,
    /// The fields of the model's config that it sets, by path.
    pub model: BTreeMap<String, Value>,
    /// The search that found it, here or in an earlier run; left out for a recipe that a person wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
}

/// A search for a recipe in short.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SearchSummary {
    /// Number of trials, the model's own recipe among them.
    pub trials: usize,
    /// Number of folds, over all sounds that do not test.
    pub folds: usize,
    /// Epochs of the longest fits, at most.
    pub epochs: usize,
    /// Number of the trial that was chosen; 0 is the model's own recipe.
    pub chosen: usize,
    /// Its mean score over the folds.
    pub score: f64,
    /// Number of fits.
    pub fits: usize,
    /// Epochs of all fits.
    pub epochs_run: usize,
    /// Duration in seconds, which `seconds_fit` does not count.
    pub seconds: f64,
}

impl RecipeSummary {
    /// Of a recipe that lies in a file.
    pub(super) fn of(file: String, recipe: &RecipeFile) -> Self {
        let search = recipe.search.as_ref().map(|search| SearchSummary {
            trials: search.config.trials,
            folds: search.config.folds,
            epochs: search.config.epochs,
            chosen: search.chosen.index,
            score: search.score,
            fits: search.cost.fits,
            epochs_run: search.cost.epochs,
            seconds: search.cost.seconds,
        });
        Self { file, fit: recipe.recipe.fit.clone(), model: recipe.recipe.model.clone(), search }
    }
}

impl ModelSummary {
    /// The name in tables and figures, which says whether the model was refitted.
    #[must_use]
    pub fn label(&self) -> String {
        if self.refit.is_some() { format!("{} (refit)", self.name) } else { self.name.clone() }
    }
}

/// One fitted model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The name of the model.
    pub name: String,
    /// The complete config.
    pub config: ModelConfig,
    /// The recipe, if it is not the model's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<RecipeSummary>,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Seed of the initial weights and of the order of stimuli.
    pub seed: u64,
    /// The split, as indices of stimuli.
    pub split: Split,
    /// Number of epochs; 0 for a fit in closed form.
    pub epochs_run: usize,
    /// The epoch whose weights were kept, counted from 1; 0 for a fit in closed form.
    pub best_epoch: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// Duration of the fit in seconds.
    pub seconds_fit: f64,
    /// What was fitted to training and validation stimuli together, if that was asked for: the scores and the checkpoint are then of that fit,
    /// and the other fields of the fit before it, which chose its epochs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// Training loss of each epoch; a single value for a fit in closed form.
    pub train_loss: Vec<f64>,
    /// Validation score after each epoch; for a ridge regression that of each candidate number of lags.
    pub val_score: Vec<Option<f64>>,
    /// Scores on the test stimuli.
    pub test: Evaluation,
    /// Path of the checkpoint, relative to this file.
    pub checkpoint: String,
}
