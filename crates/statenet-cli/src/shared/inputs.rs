//! A recording as the models of a run take it: cochleagrams for some, sound for others.

use std::{path::Path, sync::OnceLock};

use anyhow::{Context, anyhow, ensure};
use statenet::{
    models::front_ends::{FrontEndConfig, MelConfig},
    prelude::*,
    train,
};

/// A recording with cochleagrams, and its sounds, read when a model needs them.
pub(crate) struct Inputs {
    recording: Recording,
    cochleagrams: Recording,
    sounds: OnceLock<Recording>,
}

impl Inputs {
    /// Cochleagrams are those of the recording or, where a front end is named and for a recording of sound alone, those that the
    /// front end (by default mel, 34 bands) makes of the sounds.
    ///
    /// # Errors
    /// If a sound is missing or cannot be read.
    pub(crate) fn new(recording: Recording, front_end: Option<&FrontEndConfig>) -> anyhow::Result<Self> {
        let cochleagrams = with_cochleagrams(&recording, front_end)?;
        Ok(Self { recording, cochleagrams, sounds: OnceLock::new() })
    }

    /// The same of some of the neurons.
    ///
    /// # Errors
    /// If there is no such neuron.
    pub(crate) fn select_neurons(&self, neurons: &[usize]) -> anyhow::Result<Self> {
        let sounds = self.sounds.get().map(|heard| heard.select_neurons(neurons)).transpose()?;
        Ok(Self {
            recording: self.recording.select_neurons(neurons)?,
            cochleagrams: self.cochleagrams.select_neurons(neurons)?,
            sounds: sounds.map_or_else(OnceLock::new, OnceLock::from),
        })
    }

    /// The recording with cochleagrams.
    #[must_use]
    pub(crate) fn cochleagrams(&self) -> &Recording {
        &self.cochleagrams
    }

    /// The recording for models that take this input.
    ///
    /// # Errors
    /// If a sound is missing or cannot be read.
    pub(crate) fn of(&self, input: Input) -> anyhow::Result<&Recording> {
        if input == Input::Cochleagram {
            return Ok(&self.cochleagrams);
        }
        let heard = match self.sounds.get() {
            Some(heard) => return Ok(heard),
            None => self.recording.heard()?,
        };
        Ok(self.sounds.get_or_init(|| heard))
    }
}

/// The recording with its own cochleagrams or, where a front end is named and for a recording of sound alone, with those that the
/// front end makes.
///
/// # Errors
/// If a sound is missing or cannot be read.
pub(crate) fn with_cochleagrams(
    recording: &Recording,
    front_end: Option<&FrontEndConfig>,
) -> anyhow::Result<Recording> {
    match (front_end, recording.input()) {
        (None, Input::Cochleagram) => Ok(recording.clone()),
        (Some(front_end), _) => Ok(train::cochleagrams(recording, front_end)?),
        (None, Input::Sound) => {
            Ok(train::cochleagrams(recording, &FrontEndConfig::Mel(MelConfig::default()))?)
        }
    }
}

/// The front end that a user named, or else the one that made the cochleagrams to which a checkpoint's model was fitted.
///
/// # Errors
/// If there is no such front end.
pub(crate) fn front_end_of(
    named: Option<&str>,
    metadata: &CheckpointMetadata,
) -> anyhow::Result<Option<FrontEndConfig>> {
    match (named, metadata.training.get("front_end")) {
        (Some(named), _) => front_end(named).map(Some),
        (None, Some(kept)) => {
            let kept = serde_json::from_value(kept.clone());
            kept.map(Some).context("the front end in the checkpoint")
        }
        (None, None) => Ok(None),
    }
}

/// Tells a model how to scale bands, from training stimuli, for `--standardize`.
///
/// # Errors
/// If the model knows already.
pub(crate) fn standardize(
    model: &mut dyn ResponseModel,
    recording: &Recording,
    train: &[usize],
) -> anyhow::Result<()> {
    expect_unscaled(model)?;
    Ok(model.scale_input(&recording.fit_standardization(train)?)?)
}

/// Refuses a model that scales its input.
///
/// # Errors
/// If it does.
pub(crate) fn expect_unscaled(model: &dyn ResponseModel) -> anyhow::Result<()> {
    let scales = model.input_scaling()?.is_some_and(|s| s != Standardization::identity(s.n_bands()));
    ensure!(
        !scales,
        "the checkpoint stores the scaling of its input; remove --standardize, which would scale twice"
    );
    Ok(())
}

/// A front end by its name, or from a file {"mel": {..}}.
///
/// # Errors
/// If it is neither.
pub(crate) fn front_end(text: &str) -> anyhow::Result<FrontEndConfig> {
    if let Some(named) = FrontEndConfig::named(text) {
        return Ok(named);
    }
    let path = Path::new(text);
    if path.extension().is_none_or(|e| e != "json" && e != "toml") {
        let names = FrontEndConfig::NAMES.join(", ");
        return Err(anyhow!("--front-end {text:?}: expected {names} or a config file (.json, .toml)"));
    }
    FrontEndConfig::read(path).with_context(|| format!("--front-end {text}"))
}
