//! Which models to fit: names of the zoo, `ridge`, or config files.

use std::path::Path;

use anyhow::{Context, anyhow, bail};
use serde::Deserialize;
use statenet::{
    prelude::*,
    train::{RidgeFit, Stopped},
};

use super::inputs::Inputs;

/// One model to fit.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// Its name in tables, files and folders.
    pub(crate) name: String,
    /// How it is fitted, with its settings.
    pub(crate) kind: Kind,
}

/// How a model is fitted.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Ridge regression, in closed form.
    Ridge(Ridge),
    /// Gradient descent.
    Gradient(Box<ModelConfig>),
}

impl Choice {
    /// What the model takes.
    #[must_use]
    pub(crate) fn input(&self) -> Input {
        match &self.kind {
            Kind::Ridge(_) => Input::Cochleagram,
            Kind::Gradient(config) => config.input(),
        }
    }
}

/// Parses a list of models such as `ridge,ln,my-model.toml`, for the recording as each of them takes it.
///
/// # Errors
/// If a name is unknown, a config file is wrong, or two models have the same name.
pub(crate) fn choices(list: &str, inputs: &Inputs) -> anyhow::Result<Vec<Choice>> {
    let mut chosen: Vec<Choice> = Vec::new();
    for entry in list.split(',').map(str::trim).filter(|e| !e.is_empty()) {
        let choice = choice(entry, inputs)?;
        if chosen.iter().any(|c| c.name == choice.name) {
            bail!("two models are called {}", choice.name);
        }
        chosen.push(choice);
    }
    if chosen.is_empty() {
        bail!("--model is empty, expected at least one model");
    }
    Ok(chosen)
}

/// Parses a single model, for the recording as it takes it.
///
/// # Errors
/// If the name is unknown or the config file wrong.
pub(crate) fn choice(entry: &str, inputs: &Inputs) -> anyhow::Result<Choice> {
    if entry == "ridge" {
        return Ok(Choice {
            name: entry.to_owned(),
            kind: Kind::Ridge(Ridge::for_dt(inputs.cochleagrams().dt())),
        });
    }
    let path = Path::new(entry);
    if let Some(choice) = ridge_file(path)? {
        return Ok(choice);
    }
    let is_file = path.extension().is_some_and(|e| e == "toml" || e == "json");
    let (name, config) = if is_file {
        let config = ModelConfig::read(path)?;
        let axes = inputs.of(config.input())?.axes();
        (stem(path)?, config.for_axes(&axes))
    } else {
        let known: Vec<&str> = ["ridge"].into_iter().chain(zoo::ALL.iter().map(|e| e.name)).collect();
        let unknown =
            || anyhow!("--model {entry:?}: expected {} or a config file (.json, .toml)", known.join(", "));
        let found = zoo::ALL.iter().find(|e| e.name == entry).ok_or_else(unknown)?;
        (entry, (found.config)(&inputs.of(found.input)?.axes()))
    };
    config.validate()?;
    Ok(Choice { name: name.to_owned(), kind: Kind::Gradient(Box::new(config)) })
}

/// What a ridge regression has of a history: one training error, and the validation score of each candidate.
pub(crate) fn ridge_history(fit: &RidgeFit) -> History {
    History {
        train_loss: vec![fit.train_loss],
        val_score: fit.val_score.clone(),
        best_epoch: 0,
        stopped: Stopped::Converged,
        seconds: fit.seconds,
    }
}

/// A config file `{"ridge": {"lags": [..], "penalties": [..]}}` with candidates for a ridge regression.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RidgeFile {
    ridge: Ridge,
}

fn ridge_file(path: &Path) -> anyhow::Result<Option<Choice>> {
    if path.extension().is_none_or(|e| e != "json") {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{}: cannot read", path.display()))?;
    let any: serde_json::Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    if any.get("ridge").is_none() {
        return Ok(None);
    }
    let file: RidgeFile = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(Some(Choice { name: stem(path)?.to_owned(), kind: Kind::Ridge(file.ridge) }))
}

fn stem(path: &Path) -> anyhow::Result<&str> {
    path.file_stem().and_then(|s| s.to_str()).with_context(|| format!("{}: needs a name", path.display()))
}
