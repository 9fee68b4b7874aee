//! The folder that a run leaves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use ndarray::Array2;
use serde::Serialize;
use statenet::{core::atomic::write_file, data::write_npy_2d, prelude::*};

/// The file that makes a folder one of ours.
pub const SUMMARY: &str = "summary.json";

/// A folder for results.
pub struct Output {
    folder: PathBuf,
}

impl Output {
    /// Opens a folder. Results of an earlier run in it are replaced; anything else in it is an error.
    ///
    /// # Errors
    /// If the folder holds files that no run of ours left, or cannot be made.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("{}: cannot make folder", folder.display()))?;
        let entries = fs::read_dir(folder).with_context(|| format!("{}: cannot read", folder.display()))?;
        let foreign = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).find(|name| {
            !["checkpoints", "predictions", "figures", "unfinished", "report.html", SUMMARY]
                .contains(&name.as_str())
        });
        if let Some(name) = foreign {
            bail!("{}: holds {name}, which no fit left there; choose another --out", folder.display());
        }
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

    /// Writes `predictions/MODEL/STIMULUS.npy` for some stimuli, in place of earlier ones.
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
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("{}: cannot replace", folder.display()))?;
        }
        for (&s, rates) in stimuli.iter().zip(rates) {
            let name = recording.stimulus(s)?.name();
            write_npy_2d(&folder.join(format!("{name}.npy")), rates.view())?;
        }
        Ok(())
    }
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
