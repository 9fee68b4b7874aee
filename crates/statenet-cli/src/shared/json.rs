//! JSON files.

use std::path::Path;

use serde::Serialize;
use statenet::core::atomic::write_file;

/// Writes a JSON file atomically.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(write_file(path, |w| w.write_all(text.as_bytes()))?)
}
