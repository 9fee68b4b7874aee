//! JSON files of a checkpoint folder.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use crate::error::{Error, Result};

/// Reads a JSON file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_path_buf(),
        action: "read",
        source: source.into(),
    })?;
    serde_json::from_str(&text)
        .map_err(|e| Error::ConfigText { origin: path.display().to_string(), reason: e.to_string() })
}

/// The text of a JSON file.
pub(super) fn as_json(value: &impl Serialize, file: &str) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|source| Error::File {
        path: file.into(),
        action: "express as JSON",
        source: source.into(),
    })
}
