//! A recipe on disk: the fields that differ from a model's own, and the search that found them.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet_core::{atomic, json, shortened};
use statenet_models::ModelConfig;

use super::{
    run::SearchConfig,
    rungs::Rung,
    space::Space,
    trial::{Trial, TrialResult},
};
use crate::{
    error::{Error, Result},
    gradient::FitConfig,
    sweep::set_fields,
};

/// How the file calls itself.
const FORMAT: &str = "statenet-recipe";
const VERSION: u32 = 1;

/// Fields, by path, of the settings of a fit and of the model's config, that a recipe sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RecipeFields {
    /// Of the [`FitConfig`], such as `optimizer.learning_rate`.
    pub fit: BTreeMap<String, Value>,
    /// Of the [`ModelConfig`], such as `dropout`.
    pub model: BTreeMap<String, Value>,
}

impl RecipeFields {
    /// The settings of a fit with these fields.
    ///
    /// # Errors
    /// As [`set_fields`].
    pub fn fit_config(&self, base: &FitConfig) -> Result<FitConfig> {
        set_fields(base, "the recipe", &self.fit)
    }

    /// A model's config, with all its fields written out, with these fields.
    ///
    /// # Errors
    /// As [`set_fields`]; [`Error::Model`] for a config that is wrong.
    pub fn model_config(&self, config: &ModelConfig) -> Result<ModelConfig> {
        let config = config.clone().resolved()?;
        if self.model.is_empty() { Ok(config) } else { set_fields(&config, "the model", &self.model) }
    }
}

/// A recipe file: `{"format": "statenet-recipe", "version": 1, "recipe": {"fit": {..}, "model": {..}}, "search": {..}}`. One that a person
/// writes has no `search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipeFile {
    format: String,
    version: u32,
    /// The fields.
    pub recipe: RecipeFields,
    /// The search that found them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchRecord>,
}

/// A search, its space, its cost and its choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchRecord {
    /// The model in short.
    pub model: String,
    /// The settings of the search.
    pub config: SearchConfig,
    /// What was varied.
    pub space: Space,
    /// Names of the stimuli of each fold: all but the test stimuli.
    pub folds: Vec<Vec<String>>,
    /// How many trials were fitted for how many epochs.
    pub rungs: Vec<Rung>,
    /// The trial that was chosen.
    pub chosen: Trial,
    /// Its mean score over the folds.
    pub score: f64,
    /// Number of the trial with the best mean score.
    pub best: usize,
    /// That score.
    pub best_score: f64,
    /// What the search took.
    pub cost: Cost,
    /// Every trial in every rung that it reached.
    pub results: Vec<TrialResult>,
}

/// What a search took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Fits: trials times folds.
    pub fits: usize,
    /// Epochs of all fits.
    pub epochs: usize,
    /// Seconds.
    pub seconds: f64,
}

impl RecipeFile {
    /// A recipe, and the search that found it.
    #[must_use]
    pub fn new(recipe: RecipeFields, search: Option<SearchRecord>) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, recipe, search }
    }

    /// Reads a recipe.
    ///
    /// # Errors
    /// [`Error::File`] with the path, if it cannot be read or is no recipe.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |action, source| Error::File { path: path.to_path_buf(), action, source };
        let bytes = std::fs::read(path).map_err(|e| failed("read", e.into()))?;
        let file: Self = json::parse(&bytes).map_err(|e| failed("read as a recipe", e.into()))?;
        if file.format != FORMAT || file.version != VERSION {
            let format = shortened(&file.format, 60);
            let why = format!("it is {format} {}, expected {FORMAT} {VERSION}", file.version);
            return Err(failed("read as a recipe", why.into()));
        }
        Ok(file)
    }

    /// Writes it atomically.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Write`] with the path.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::File {
            path: path.to_path_buf(),
            action: "express as JSON",
            source: e.into(),
        })?;
        Ok(atomic::write_file(path, |w| w.write_all(text.as_bytes()))?)
    }
}
