//! The output folder of a run.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use serde::Serialize;
use statenet::{core::atomic::NewFolder, data::Predictions};

use crate::shared::write_json;

/// The file by which an output folder is recognised.
pub(crate) const SUMMARY: &str = "summary.json";

/// The names of all files and folders that a run writes.
const ENTRIES: [&str; 6] = ["checkpoints", "predictions", "figures", "unfinished", "report.html", SUMMARY];

/// A folder for results.
pub(crate) struct Output {
    folder: PathBuf,
}

impl Output {
    /// Opens a folder for results, which replace those of an earlier run.
    ///
    /// # Errors
    /// If the folder contains files that were not written by a run, or cannot be created.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot make folder", folder.display()))?;
        let ours = |name: &str| ENTRIES.contains(&name) || is_temporary(name);
        let foreign = names(folder)?.into_iter().find(|name| !ours(name));
        if let Some(name) = foreign {
            bail!(
                "{}: contains {name}, which was not written by fit; choose another --out",
                folder.display()
            );
        }
        sweep(folder)?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    /// Whether the folder contains the results of an earlier run.
    #[must_use]
    pub(crate) fn is_used(&self) -> bool {
        self.folder.join(SUMMARY).is_file()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.join(inside)
    }

    /// Writes a JSON file atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn json(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        write_json(&self.path(name), value)
    }

    /// Writes `predictions/MODEL/STIMULUS.npy` and `predictions.json`, replacing earlier predictions. The folder is replaced as a
    /// whole.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn predictions(&self, model: &str, predictions: &Predictions) -> anyhow::Result<()> {
        let folder = self.path("predictions").join(model);
        let new = NewFolder::create(&folder)?;
        predictions.write(new.path(), &[])?;
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{}: cannot replace", folder.display()))?;
        }
        Ok(new.commit("")?)
    }
}

/// Removes incomplete files that a killed run left, in the folder and in the folders inside it.
fn sweep(folder: &Path) -> anyhow::Result<()> {
    let inside = ENTRIES.iter().map(|name| folder.join(name)).filter(|path| path.is_dir());
    for folder in std::iter::once(folder.to_path_buf()).chain(inside) {
        for name in names(&folder)? {
            if is_temporary(&name) {
                let path = folder.join(name);
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.with_context(|| format!("{}: cannot remove", path.display()))?;
            }
        }
    }
    Ok(())
}

/// Whether this is a temporary name under which files and folders are written: `.tmpAb12Cd`, `.statenet-Ab12Cd`,
/// `.statenet-old-Ab12Cd` or `.statenet-ended-MODEL`.
fn is_temporary(name: &str) -> bool {
    let drawn = |rest: &str| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    [".tmp", ".statenet-", ".statenet-old-"].iter().any(|start| name.strip_prefix(start).is_some_and(drawn))
        || name.starts_with(".statenet-ended-")
}

/// The names of the files and folders in a folder.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}: cannot read", folder.display()))?;
    Ok(entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}
