//! What is in a checkpoint folder.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::{Deserialize, Serialize};
use statenet_core::Warning;

use crate::{
    build::{
        model_config::{FORMAT, ModelConfig},
        response_model::ResponseModel,
    },
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
    /// What was odd and was put right, such as a prefix of all names.
    pub warnings: Vec<Warning>,
}

/// That names of tensors had a prefix.
pub(crate) fn prefix_warning(path: &Path, prefix: Option<String>) -> Vec<Warning> {
    let message = |prefix| format!("all names of tensors begin with {prefix:?}, which was taken off");
    let place = path.display().to_string();
    prefix.map(|prefix| Warning::new("name_prefix", message(prefix), place)).into_iter().collect()
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

/// A config whose axes know the neurons by id, as a checkpoint's metadata do.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) if the metadata name another number of neurons, one twice, or others than the axes.
pub(crate) fn with_neuron_ids(mut config: ModelConfig, metadata: &CheckpointMetadata) -> Result<ModelConfig> {
    let ids = &metadata.neurons;
    let Some(axes) = config.axes.as_mut().filter(|_| !ids.is_empty()) else { return Ok(config) };
    if ids.len() != axes.n_neurons {
        return Err(config_error(
            "neurons",
            format!("{} ids", ids.len()),
            format!("{}, one for each neuron", axes.n_neurons),
        ));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = ids.iter().find(|id| !seen.insert(id.as_str())) {
        return Err(config_error("neurons", format!("{twice:?} twice"), "unique ids"));
    }
    if axes.neuron_ids.is_empty() {
        axes.neuron_ids.clone_from(ids);
    } else if axes.neuron_ids != *ids {
        return Err(config_error(
            "neurons",
            "other ids than in config.axes",
            "the same ids in the same order",
        ));
    }
    Ok(config)
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
