//! Reading a checkpoint, ours or a published one.

use std::path::Path;

use candle_core::{DType, Device};

use super::{
    contents::{
        CONFIG_FILE, Checkpoint, CheckpointMetadata, ConfigFile, TENSORS_FILE, prefix_warning,
        with_neuron_ids,
    },
    json::read_json,
    published::{self, PublishedOptions},
};
use crate::{
    build::{model_config::ModelConfig, registry::Registry, response_model::ResponseModel},
    error::{Result, config_error},
    params::store::Room,
    tensors,
};

/// Loads a checkpoint of a model of the zoo.
///
/// # Errors
/// [`Error::File`](crate::Error::File) if a file is missing or damaged, [`Error::ConfigText`](crate::Error::ConfigText) or [`Error::Config`](crate::Error::Config) if the config is not of
/// our form, [`Error::Parameters`](crate::Error::Parameters) if the parameters belong to another architecture.
pub fn load(folder: impl AsRef<Path>, device: &Device) -> Result<Checkpoint> {
    load_with(&Registry::new(), folder, device)
}

/// Loads a checkpoint, also of a model of your own whose builder is registered.
///
/// # Errors
/// As [`load`], and [`Error::UnknownModel`](crate::Error::UnknownModel) for a custom model that the registry does not know.
pub fn load_with(registry: &Registry, folder: impl AsRef<Path>, device: &Device) -> Result<Checkpoint> {
    let folder = folder.as_ref();
    let path = folder.join(CONFIG_FILE);
    let any: serde_json::Value = read_json(&path)?;
    if published::is_published(&any) {
        return published::read(folder, &any, &PublishedOptions::default(), device);
    }
    let (config, metadata) = read_json::<ConfigFile<ModelConfig>>(&path)?.split()?;
    let config = with_neuron_ids(config, &metadata)?;
    let tensors_path = folder.join(TENSORS_FILE);
    let values = tensors::read(&tensors_path, device)?;
    let origin = tensors_path.display().to_string();
    let model = registry.build_for(&config, Room::for_values(&values, &origin), DType::F32, device)?;
    let known: Vec<&str> = model.params().iter().map(|param| param.name.as_str()).collect();
    let (values, prefix) = tensors::without_prefix(values, &known);
    model.params().load(&values, &origin)?;
    Ok(Checkpoint { model, metadata, warnings: prefix_warning(&tensors_path, prefix) })
}

/// Loads the parameters of a checkpoint into a model that was built as the saved one was, such as one of
/// [`of_frames`](crate::of_frames), which no registry knows.
///
/// # Errors
/// As [`load`], and [`Error::Config`](crate::Error::Config) if the checkpoint is of a model with another config. The model is then as it was.
pub fn load_into(folder: impl AsRef<Path>, model: &mut dyn ResponseModel) -> Result<CheckpointMetadata> {
    let folder = folder.as_ref();
    let (config, metadata) = read_json::<ConfigFile<ModelConfig>>(&folder.join(CONFIG_FILE))?.split()?;
    // The ids of neurons are no part of the architecture.
    let nameless = |mut config: ModelConfig| {
        config.axes.iter_mut().for_each(|axes| axes.neuron_ids.clear());
        config
    };
    if nameless(config.clone()) != nameless(model.config()) {
        return Err(config_error("config", config.slug(), format!("that of {}", model.config().slug())));
    }
    let tensors_path = folder.join(TENSORS_FILE);
    let values = tensors::read(&tensors_path, model.device())?;
    model.params().load(&values, &tensors_path.display().to_string())?;
    Ok(metadata)
}
