//! `--core`: a fitted model whose core is kept for the neurons of another recording.

use std::path::Path;

use anyhow::Context;
use statenet::{models::front_ends::FrontEndConfig, prelude::*};

use crate::shared::front_end_of;

/// A fitted model of other neurons.
pub(super) struct Core {
    /// Of the model with this core: the name of the checkpoint's folder, and `-readout`.
    pub(super) name: String,
    checkpoint: Checkpoint,
}

impl Core {
    /// # Errors
    /// If there is no checkpoint.
    pub(super) fn load(folder: &Path, device: &Device) -> anyhow::Result<Self> {
        let checkpoint = checkpoint::load(folder, device)?;
        let named = folder.canonicalize().ok();
        let name = named.as_deref().unwrap_or(folder).file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { name: format!("{name}-readout"), checkpoint })
    }

    /// What it takes.
    pub(super) fn input(&self) -> Input {
        self.checkpoint.model.config().input()
    }

    /// The front end that a user named, or else the one that made the cochleagrams that the core knows.
    ///
    /// # Errors
    /// If there is no such front end.
    pub(super) fn front_end(&self, named: Option<&str>) -> anyhow::Result<Option<FrontEndConfig>> {
        front_end_of(named, &self.checkpoint.metadata)
    }

    /// The model of a recording's neurons, whose readout is to be fitted.
    ///
    /// # Errors
    /// If the model has no readout, or the recording has other bands or another dt.
    pub(super) fn model(&self, recording: &Recording, seed: u64) -> anyhow::Result<Box<dyn ResponseModel>> {
        let whole = &self.checkpoint.model;
        let model = whole.with_new_readout(&recording.axes(), Seed::new(seed));
        let model = model.with_context(|| format!("--core for {}", recording.name()))?;
        model.with_context(|| {
            format!("--core: {} has no readout that can be fitted by itself", whole.config().slug())
        })
    }

    /// What a checkpoint of the new model says of the core.
    pub(super) fn about(&self) -> serde_json::Value {
        let Checkpoint { model, metadata, .. } = &self.checkpoint;
        serde_json::json!({ "model": model.config().slug(), "neurons": metadata.neurons, "training": metadata.training })
    }
}
