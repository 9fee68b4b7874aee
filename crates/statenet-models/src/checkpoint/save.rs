//! Writing a checkpoint.

use std::path::Path;

use statenet_core::atomic::{NewFolder, write_file};

use super::{
    contents::{CONFIG_FILE, CheckpointMetadata, ConfigFile, TENSORS_FILE},
    json::as_json,
};
use crate::{build::response_model::ResponseModel, error::Result, tensors};

/// Saves a model as a checkpoint folder, whole or not at all. An older checkpoint of that name is replaced.
///
/// # Errors
/// [`Error::Write`](crate::Error::Write) if the folder cannot be written (a full disk) or holds something else than a checkpoint; what was
/// there is unchanged.
pub fn save(
    folder: impl AsRef<Path>,
    model: &dyn ResponseModel,
    metadata: &CheckpointMetadata,
) -> Result<()> {
    let text = as_json(&ConfigFile::of(model.config(), metadata), CONFIG_FILE)?;
    let bytes = tensors::serialize(model.params().iter().map(|p| (p.name.as_str(), p.var.as_tensor())))?;
    let new = NewFolder::create(folder.as_ref())?;
    write_file(&new.path().join(CONFIG_FILE), |w| w.write_all(text.as_bytes()))?;
    write_file(&new.path().join(TENSORS_FILE), |w| w.write_all(&bytes))?;
    Ok(new.commit(CONFIG_FILE)?)
}
