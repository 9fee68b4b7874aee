//! What is in a checkpoint folder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    build::{model_config::FORMAT, response_model::ResponseModel},
    error::{Result, config_error},
};

/// The file that makes a folder a checkpoint.
pub const CONFIG_FILE: &str = "config.json";
/// The file of its parameters and buffers.
pub const TENSORS_FILE: &str = "model.safetensors";

/// A loaded model.
pub struct Checkpoint {
    /// The model, ready to predict.
    pub model: Box<dyn ResponseModel>,
    /// What was saved beside its parameters.
    pub metadata: CheckpointMetadata,
}

/// What a checkpoint keeps beside the config and the parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointMetadata {
    /// Ids of the neurons, in the order of the model's rates; empty if unknown.
    #[serde(default)]
    pub neurons: Vec<String>,
    /// How it was trained: seed, recording, split, whatever the trainer notes.
    #[serde(default)]
    pub training: BTreeMap<String, serde_json::Value>,
}

/// The contents of `config.json`, for any kind of config.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile<C> {
    pub(crate) format: u32,
    pub(crate) config: C,
    #[serde(default)]
    neurons: Vec<String>,
    #[serde(default)]
    training: BTreeMap<String, serde_json::Value>,
}

impl<C> ConfigFile<C> {
    pub(crate) fn of(config: C, metadata: &CheckpointMetadata) -> Self {
        let CheckpointMetadata { neurons, training } = metadata.clone();
        Self { format: FORMAT, config, neurons, training }
    }

    /// The config and the metadata of a file of this library's format.
    pub(crate) fn split(self) -> Result<(C, CheckpointMetadata)> {
        if self.format != FORMAT {
            return Err(config_error("format", self.format, FORMAT.to_string()));
        }
        Ok((self.config, CheckpointMetadata { neurons: self.neurons, training: self.training }))
    }
}
