//! JSON files of a checkpoint folder.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    config::text,
    error::{Error, Result},
};

/// Reads a JSON file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::File {
        path: path.to_path_buf(),
        action: "read",
        source: source.into(),
    })?;
    text::from_json_bytes(&bytes)
        .map_err(|reason| Error::ConfigText { origin: path.display().to_string(), reason })
}

/// The text of a JSON file.
pub(super) fn as_json(value: &impl Serialize, file: &str) -> Result<String> {
    text::to_pretty_json(value).map_err(|source| Error::File {
        path: file.into(),
        action: "express as JSON",
        source: source.into(),
    })
}
