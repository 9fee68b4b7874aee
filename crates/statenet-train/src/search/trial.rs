//! A trial, what it gave in a rung, and the file of that.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet_core::atomic;

use super::choice::mean;
use crate::{
    error::{Error, Result},
    gradient::{seal, unseal},
};

/// Settings that a search tries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Its number; 0 is the model's own recipe.
    pub index: usize,
    /// Fields of the settings of a fit, by path.
    pub fit: BTreeMap<String, Value>,
    /// Fields of the model's config, by path.
    pub model: BTreeMap<String, Value>,
    /// How much it regularises, from 0 to 1: the mean over the fields that do.
    pub strength: f64,
}

/// A fit of a trial, and its score on the fold that it did not see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// The mean score over neurons; `None` if none has one, or the fit failed.
    pub score: Option<f64>,
    /// Epochs since the start of the fit.
    pub epochs_run: usize,
    /// The epoch whose weights were scored, counted from 1.
    pub best_epoch: usize,
    /// Why the fit failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What a trial gave in a rung.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrialResult {
    /// The trial.
    pub trial: Trial,
    /// The rung, from 0.
    pub rung: usize,
    /// Epochs of the rung, at most.
    pub epochs: usize,
    /// A fit for each fold.
    pub folds: Vec<FoldResult>,
    /// Mean score over the folds; `None` if a fit failed or no fold has a score.
    pub score: Option<f64>,
    /// Seconds of this rung; the only field in which equal searches differ.
    pub seconds: f64,
}

impl TrialResult {
    pub(super) fn new(
        trial: Trial,
        rung: usize,
        epochs: usize,
        folds: Vec<FoldResult>,
        seconds: f64,
    ) -> Self {
        let has_failed = folds.iter().any(|fold| fold.failed.is_some());
        let scores: Vec<_> = folds.iter().map(|fold| fold.score).collect();
        let score = mean(&scores).filter(|_| !has_failed);
        Self { trial, rung, epochs, folds, score, seconds }
    }
}

/// The content of a trial's file.
#[derive(Serialize, Deserialize)]
struct TrialFile {
    /// Digest of everything that the search depends on.
    search: String,
    result: TrialResult,
}

/// Where the result of a trial in a rung lies.
fn path(folder: &Path, trial: usize, rung: usize) -> PathBuf {
    folder.join(format!("trial-{trial:03}.rung-{rung}.json"))
}

/// Writes a result atomically, with a digest of its bytes.
pub(super) fn write(folder: &Path, search: &str, result: &TrialResult) -> Result<()> {
    let path = path(folder, result.trial.index, result.rung);
    let file = TrialFile { search: search.to_owned(), result: result.clone() };
    let text = serde_json::to_string(&file).map_err(|e| Error::File {
        path: path.clone(),
        action: "express as JSON",
        source: e.into(),
    })?;
    Ok(atomic::write_file(&path, |w| w.write_all(seal(&text).as_bytes()))?)
}

/// The result of a trial in a rung of so many epochs of this search; `None` if there is none, if its bytes are not those that were written, or if it is of another
/// search: it is then found anew.
pub(super) fn read(
    folder: &Path,
    search: &str,
    trial: &Trial,
    (rung, epochs): (usize, usize),
) -> Result<Option<TrialResult>> {
    let path = path(folder, trial.index, rung);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::File { path, action: "read", source: e.into() }),
    };
    let file = unseal(&bytes).ok().and_then(|text| serde_json::from_str::<TrialFile>(&text).ok());
    let is_of_this = |file: &TrialFile| {
        file.search == search && file.result.trial == *trial && file.result.epochs == epochs
    };
    Ok(file.filter(is_of_this).map(|file| file.result))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result() -> TrialResult {
        let fit = [("batch".to_owned(), json!(2)), ("crop".to_owned(), Value::Null)].into();
        let trial = Trial { index: 3, fit, model: BTreeMap::new(), strength: 0.1 + 0.2 };
        let fold = |score| FoldResult { score, epochs_run: 4, best_epoch: 3, failed: None };
        TrialResult::new(trial, 1, 5, vec![fold(Some(0.25)), fold(None), fold(Some(0.75))], 1.5)
    }

    #[test]
    fn a_result_is_read_as_it_was_written_by_its_own_search_only() {
        let folder = tempfile::tempdir().unwrap();
        let written = result();
        assert_eq!(written.score, Some(0.5));
        assert_eq!(read(folder.path(), "a", &written.trial, (1, 5)).unwrap(), None);
        write(folder.path(), "a", &written).unwrap();
        assert_eq!(read(folder.path(), "a", &written.trial, (1, 5)).unwrap(), Some(written.clone()));
        assert_eq!(read(folder.path(), "a", &written.trial, (1, 6)).unwrap(), None);
        assert_eq!(read(folder.path(), "b", &written.trial, (1, 5)).unwrap(), None);
        assert_eq!(read(folder.path(), "a", &written.trial, (0, 5)).unwrap(), None);
        let other = Trial { strength: 0.5, ..written.trial.clone() };
        assert_eq!(read(folder.path(), "a", &other, (1, 5)).unwrap(), None);
        let at = path(folder.path(), 3, 1);
        let mut bytes = fs::read(&at).unwrap();
        bytes[20] ^= 1;
        fs::write(&at, bytes).unwrap();
        assert_eq!(read(folder.path(), "a", &written.trial, (1, 5)).unwrap(), None);
    }

    #[test]
    fn a_trial_with_a_failed_fit_has_no_score() {
        let TrialResult { trial, mut folds, .. } = result();
        folds[1].failed = Some("the loss is NaN".to_owned());
        assert_eq!(TrialResult::new(trial, 0, 5, folds, 0.0).score, None);
    }
}
