//! Checkpoints: a folder with `config.json` and `model.safetensors`, and nothing else needed to predict.
//!
//! `config.json` is `{"format": 1, "config": .., "input": .., "neurons": .., "training": ..}`: the model's config whole,
//! how its cochleagrams were scaled, whose rates it gives, and what the trainer wants to remember. The folder is
//! written beside its destination, flushed and renamed, so that it is there whole or not at all.
//!
//! [`load`](load()) also reads folders that the published implementation wrote (deepSTRF 0.1.0), by their names, and
//! [`save_published`] writes such folders, of the models that it has.

mod load;
mod published;
mod save;
pub(crate) mod tensors;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statenet_core::Standardization;

pub(crate) use self::{load::read_config, save::write};
use self::{load::read_json, save::as_json};
pub use self::{
    load::{load, load_with},
    published::{Dropped, Nested, Prefilter, load_published, save_published},
    save::save,
};
use crate::{
    build::model_config::FORMAT,
    error::{Result, config_error},
    model::response_model::ResponseModel,
};

/// The file that makes a folder a checkpoint.
pub const CONFIG_FILE: &str = "config.json";
/// The file of its parameters and buffers.
pub const TENSORS_FILE: &str = "model.safetensors";

/// A model and what belongs to it.
pub struct Checkpoint {
    /// The model, ready to predict.
    pub model: Box<dyn ResponseModel>,
    /// What belongs to it.
    pub card: Card,
}

/// What belongs to a model beside its parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// How cochleagrams are scaled before the model sees them; `None`: as they are.
    pub input: Option<Standardization>,
    /// Ids of the neurons, in the order of the model's rates; empty if unknown.
    #[serde(default)]
    pub neurons: Vec<String>,
    /// How it was trained: seed, recording, split, whatever the trainer notes.
    #[serde(default)]
    pub training: BTreeMap<String, serde_json::Value>,
}

/// The text of `config.json`, whatever kind of model its config describes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfigFile<C> {
    pub(crate) format: u32,
    pub(crate) config: C,
    #[serde(default)]
    input: Option<Standardization>,
    #[serde(default)]
    neurons: Vec<String>,
    #[serde(default)]
    training: BTreeMap<String, serde_json::Value>,
}

impl<C> ConfigFile<C> {
    pub(crate) fn of(config: C, card: &Card) -> Self {
        let Card { input, neurons, training } = card.clone();
        Self { format: FORMAT, config, input, neurons, training }
    }

    /// The config and the card of a file of this library's format.
    pub(crate) fn split(self) -> Result<(C, Card)> {
        if self.format != FORMAT {
            return Err(config_error("format", self.format, FORMAT.to_string()));
        }
        Ok((self.config, Card { input: self.input, neurons: self.neurons, training: self.training }))
    }
}
