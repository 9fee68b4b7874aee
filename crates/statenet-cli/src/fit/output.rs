//! The output folder of a run.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use statenet::{core::Warning, data::Predictions};

use super::args::FitArgs;
use crate::shared::{FitStates, Lock, OutputFolder, Printer, UNFINISHED, write_json};

/// The file by which an output folder is recognised.
pub(crate) const SUMMARY: &str = "summary.json";

/// The names of all files and folders that a run writes; `cache` holds what was converted.
const ENTRIES: [&str; 9] =
    ["checkpoints", "predictions", "figures", "recipes", SEARCH, UNFINISHED, "report.html", SUMMARY, "cache"];

/// The subfolder that keeps the trials of searches, a folder for each model.
const SEARCH: &str = "search";

/// A folder for results. They are written aside and take their places together, once all are there.
pub(crate) struct Output {
    folder: OutputFolder,
}

impl Output {
    /// Opens a folder for results, which will replace those of an earlier run.
    ///
    /// # Errors
    /// If the folder contains files that were not written by a run, is, holds or lies in an input, is in use, or cannot be created.
    pub(crate) fn open(args: &FitArgs, printer: &Printer) -> anyhow::Result<Self> {
        let folder = OutputFolder::open(&args.out, "fit", &args.inputs(), Some(&ENTRIES), printer)?;
        Ok(Self { folder })
    }

    /// Whether the folder contains the results of an earlier run.
    #[must_use]
    pub(crate) fn is_used(&self) -> bool {
        self.folder.earlier(SUMMARY).is_file()
    }

    /// The states of the run's fits.
    #[must_use]
    pub(crate) fn states<'a>(&self, quiet: bool, printer: &'a Printer) -> FitStates<'a> {
        FitStates::new(self.folder.earlier(UNFINISHED), quiet, printer)
    }

    /// Where the trials of the search for a model's recipe are, of earlier runs too.
    pub(crate) fn search(&self, model: &str) -> PathBuf {
        self.folder.earlier(SEARCH).join(model)
    }

    /// Where the states of the fits of that search are until it ends.
    pub(crate) fn states_of_search(&self, model: &str) -> PathBuf {
        self.folder.earlier(UNFINISHED).join(format!("{model}.search"))
    }

    /// Where to write a file of the folder, until [`commit`](Self::commit).
    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.folder.path(inside)
    }

    /// Writes a JSON file atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn json(&self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        write_json(&self.path(name), value)
    }

    /// Writes `predictions/MODEL/STIMULUS.npy` and `predictions.json`.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn predictions(
        &self,
        model: &str,
        predictions: &Predictions,
        warnings: &[Warning],
    ) -> anyhow::Result<()> {
        let folder = self.path("predictions").join(model);
        Ok(predictions.write(&folder, warnings)?)
    }

    /// Puts all results in their place, and removes those of an earlier run that this one does not replace: checkpoints and predictions of
    /// models that the earlier summary names, recipes and figures. The folder stays locked until the value is dropped.
    ///
    /// # Errors
    /// If a file cannot be replaced.
    pub(crate) fn commit(self) -> anyhow::Result<Lock> {
        let mut obsolete = Vec::new();
        if let Some(models) = earlier_models(&self.folder.earlier(SUMMARY)) {
            for name in models {
                obsolete.extend(
                    self.folder.earlier_files(&format!("checkpoints/{name}"), &["json", "safetensors"]),
                );
                obsolete.extend(self.folder.earlier_files(&format!("predictions/{name}"), &["npy", "json"]));
            }
            obsolete.extend(self.folder.earlier_files("figures", &["svg"]));
            obsolete.extend(self.folder.earlier_files("recipes", &["json"]));
        }
        self.folder.commit(&obsolete)
    }
}

/// The names of the models of an earlier summary; `None` if there is none.
fn earlier_models(summary: &Path) -> Option<Vec<String>> {
    let summary: Value = serde_json::from_slice(&std::fs::read(summary).ok()?).ok()?;
    let name = |model: &Value| model["name"].as_str().map(ToOwned::to_owned);
    let is_name = |name: &String| !name.is_empty() && !name.contains(['/', '\\']) && name != "..";
    Some(summary["models"].as_array()?.iter().filter_map(name).filter(is_name).collect())
}
