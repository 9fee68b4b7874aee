//! The folder that a run leaves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use ndarray::Array2;
use serde::Serialize;
use statenet::{
    core::atomic::{NewFolder, write_file},
    data::write_npy_2d,
    prelude::*,
};

/// The file that makes a folder one of ours.
pub const SUMMARY: &str = "summary.json";

/// What a run leaves in its folder.
const ENTRIES: [&str; 6] = ["checkpoints", "predictions", "figures", "unfinished", "report.html", SUMMARY];

/// A folder for results.
pub struct Output {
    folder: PathBuf,
}

impl Output {
    /// Opens a folder. Results of an earlier run in it will be replaced; anything else in it is an error.
    ///
    /// # Errors
    /// If the folder holds files that no run of ours left, or cannot be made.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot make folder", folder.display()))?;
        let ours = |name: &str| ENTRIES.contains(&name) || is_temporary(name);
        let foreign = names(folder)?.into_iter().find(|name| !ours(name));
        if let Some(name) = foreign {
            bail!("{}: holds {name}, which no fit left there; choose another --out", folder.display());
        }
        sweep(folder)?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    /// Whether an earlier run has left results here.
    #[must_use]
    pub fn is_used(&self) -> bool {
        self.folder.join(SUMMARY).is_file()
    }

    /// The folder, or something in it.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.join(inside)
    }

    /// Writes a JSON file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn json(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        write_json(&self.path(name), value)
    }

    /// Writes `predictions/MODEL/STIMULUS.npy` for some stimuli, all or none, in place of earlier ones.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn predictions(
        &self,
        model: &str,
        recording: &Recording,
        stimuli: &[usize],
        rates: &[Array2<f32>],
    ) -> anyhow::Result<()> {
        let folder = self.path("predictions").join(model);
        let new = NewFolder::create(&folder)?;
        for (&s, rates) in stimuli.iter().zip(rates) {
            let name = recording.stimulus(s)?.name();
            write_npy_2d(&new.path().join(format!("{name}.npy")), rates.view())?;
        }
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{}: cannot replace", folder.display()))?;
        }
        Ok(new.commit("")?)
    }
}

/// Removes what a killed run left half-written, in the folder and in those inside it.
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

/// Whether files and folders are written under this name before they get their own: `.tmpAb12Cd`,
/// `.statenet-Ab12Cd`, `.statenet-old-Ab12Cd`, `.statenet-ended-MODEL`.
fn is_temporary(name: &str) -> bool {
    let drawn = |rest: &str| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    [".tmp", ".statenet-", ".statenet-old-"].iter().any(|start| name.strip_prefix(start).is_some_and(drawn))
        || name.starts_with(".statenet-ended-")
}

/// Names of what a folder holds.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("{}: cannot read", folder.display()))?;
    Ok(entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect())
}

/// Writes a JSON file, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    Ok(write_file(path, |w| w.write_all(text.as_bytes()))?)
}
