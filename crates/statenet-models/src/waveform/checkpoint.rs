//! Checkpoints of waveform models: the folder of [`checkpoint`], whose config is a [`WaveformConfig`].

use std::path::Path;

use candle_core::{DType, Device};
use statenet_core::Seed;

use super::{config::WaveformConfig, model::WaveformModel};
use crate::{
    build::registry::Registry,
    checkpoint::{self, CheckpointMetadata, TENSORS_FILE},
    error::Result,
    tensors,
};

/// A waveform model and what belongs to it.
pub struct WaveformCheckpoint {
    /// The model, ready to predict.
    pub model: WaveformModel,
    /// What belongs to it. Its `input` is empty: a front end sees sound as it is, and how its bands are scaled stands in the config.
    pub metadata: CheckpointMetadata,
}

/// Saves a waveform model as a checkpoint folder, whole or not at all. An older checkpoint of that name is replaced.
///
/// # Errors
/// As [`checkpoint::save`].
pub fn save(folder: &Path, model: &WaveformModel, metadata: &CheckpointMetadata) -> Result<()> {
    checkpoint::write(folder, model.config(), model.params(), metadata)
}

/// Loads a checkpoint of a waveform model.
///
/// # Errors
/// As [`checkpoint::load`](crate::checkpoint::load()); [`Error::ConfigText`](crate::Error::ConfigText) for a folder of another
/// kind of model.
pub fn load(folder: &Path, device: &Device) -> Result<WaveformCheckpoint> {
    load_with(&Registry::new(), folder, device)
}

/// Loads a checkpoint, also of a model of your own behind a front end, whose builder is registered.
///
/// # Errors
/// As [`load`], and [`Error::UnknownModel`](crate::Error::UnknownModel) for a custom model that the registry does not know.
pub fn load_with(registry: &Registry, folder: &Path, device: &Device) -> Result<WaveformCheckpoint> {
    let (config, metadata) = checkpoint::read_config::<WaveformConfig>(folder)?;
    let path = folder.join(TENSORS_FILE);
    let values = tensors::read(&path, device)?;
    let model = config.build_with(registry, Seed::new(0), DType::F32, device)?;
    model.params().load(&values, &path.display().to_string())?;
    Ok(WaveformCheckpoint { model, metadata })
}
