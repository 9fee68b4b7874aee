//! Reading a checkpoint, ours or a published one.

use std::path::Path;

use candle_core::{DType, Device};
use statenet_core::Seed;

use super::{
    contents::{CONFIG_FILE, Checkpoint, ConfigFile, TENSORS_FILE},
    json::read_json,
    published::{self, PublishedOptions},
};
use crate::{
    build::{model_config::ModelConfig, registry::Registry},
    error::Result,
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
    let tensors_path = folder.join(TENSORS_FILE);
    let values = tensors::read(&tensors_path, device)?;
    let model = registry.build(&config, Seed::new(0), DType::F32, device)?;
    model.params().load(&values, &tensors_path.display().to_string())?;
    Ok(Checkpoint { model, metadata })
}
