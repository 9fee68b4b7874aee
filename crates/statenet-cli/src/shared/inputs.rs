//! A recording as the models of a run take it: cochleagrams for some, sound for others.

use std::{cell::OnceCell, path::Path};

use anyhow::{Context, anyhow};
use statenet::{
    models::front_ends::{FrontEndConfig, GammatoneConfig, LeafConfig, MelConfig, SincnetConfig},
    prelude::*,
    train,
};

/// The entry of a checkpoint's `training` that holds the front end of its cochleagrams.
pub(crate) const FRONT_END: &str = "front_end";

/// A smoothed recording with its cochleagrams standardised, and its sounds, read when a model needs them.
pub(crate) struct Inputs {
    smoothed: Recording,
    cochleagrams: Recording,
    sounds: OnceCell<Recording>,
}

impl Inputs {
    /// Cochleagrams are those of the recording or, where a front end is named and for a recording of sound alone, those that the
    /// front end (by default mel, 34 bands) makes of the sounds; standardised on training stimuli.
    ///
    /// # Errors
    /// If a sound is missing or cannot be read.
    pub(crate) fn new(
        recording: &Recording,
        front_end: Option<&FrontEndConfig>,
        train: &[usize],
    ) -> anyhow::Result<Self> {
        let smoothed = recording.smooth(&Smoothing::default());
        let cochleagrams = with_cochleagrams(&smoothed, front_end)?.standardize(train)?;
        Ok(Self { smoothed, cochleagrams, sounds: OnceCell::new() })
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
            None => self.smoothed.heard()?,
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

/// A front end by name (mel, gammatone, sincnet, leaf), or from a file {"mel": {..}}.
///
/// # Errors
/// If it is neither.
pub(crate) fn front_end(text: &str) -> anyhow::Result<FrontEndConfig> {
    Ok(match text {
        "mel" => FrontEndConfig::Mel(MelConfig::default()),
        "gammatone" => FrontEndConfig::Gammatone(GammatoneConfig::default()),
        "sincnet" => FrontEndConfig::Sincnet(SincnetConfig::default()),
        "leaf" => FrontEndConfig::Leaf(LeafConfig::default()),
        file => {
            let path = Path::new(file);
            if path.extension().is_none_or(|e| e != "json" && e != "toml") {
                return Err(anyhow!(
                    "--front-end {file:?}: expected mel, gammatone, sincnet, leaf or a config file (.json, .toml)"
                ));
            }
            FrontEndConfig::read(path).with_context(|| format!("--front-end {file}"))?
        }
    })
}
