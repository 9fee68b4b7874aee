//! The file of a job: its result, or why it failed.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use statenet_core::{Digest, atomic};
use statenet_metrics::Evaluation;

use super::{error::SweepError, job::Job};
use crate::{
    error::Result,
    history::{History, Stopped},
};

/// How the file of a job calls itself.
const FORMAT: &str = "statenet-job";
const VERSION: u32 = 1;
/// How the digest of the bytes before it is appended to the file.
const SEAL: &str = ",\"digest\":\"";

/// What a fit of a sweep gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobResult {
    /// Number of trained parameters.
    pub parameters: usize,
    /// Number of epochs; 0 for a fit in closed form.
    pub epochs_run: usize,
    /// The epoch whose weights were kept, counted from 1; 0 for a fit in closed form.
    pub best_epoch: usize,
    /// Why the fit ended.
    pub stopped: Stopped,
    /// Training loss of each epoch.
    pub train_loss: Vec<f64>,
    /// Validation score after each epoch.
    pub val_score: Vec<Option<f64>>,
    /// Names of the test stimuli.
    pub test_stimuli: Vec<String>,
    /// Scores on the test stimuli.
    pub test: Evaluation,
    /// CCnorm of each neuron of `test` as the StateNet paper has it ([`ccnorm_per_clip`](crate::ccnorm_per_clip)); empty if it was not
    /// computed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ccnorm_per_clip: Vec<Option<f64>>,
    /// Multiplications that the model does in a second of sound, bin by bin, as its [steps](statenet_models::ResponseModel::steps) count them;
    /// `None` for a model that does not work bin by bin, such as one that hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiplications_per_second: Option<f64>,
}

impl JobResult {
    /// Of a fit that was scored.
    #[must_use]
    pub fn new(parameters: usize, history: History, test_stimuli: Vec<String>, test: Evaluation) -> Self {
        Self {
            parameters,
            epochs_run: history.n_epochs(),
            best_epoch: history.best_epoch,
            stopped: history.stopped,
            train_loss: history.train_loss,
            val_score: history.val_score,
            test_stimuli,
            test,
            ccnorm_per_clip: Vec::new(),
            multiplications_per_second: None,
        }
    }
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With a result: that of the fit as JSON, such as a [`JobResult`].
    Done(Value),
    /// With an error, in words.
    Failed(String),
}

/// The file `jobs/NAME.json` of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobFile {
    format: String,
    version: u32,
    /// The job.
    pub job: Job,
    /// How it ended: `{"done": {..}}` or `{"failed": "why"}`.
    pub outcome: Outcome,
    /// Seconds of the job in the process that ended it; the only field in which equal runs differ.
    pub seconds: f64,
}

impl JobFile {
    /// The file of a job that ended so.
    #[must_use]
    pub fn new(job: Job, outcome: Outcome, seconds: f64) -> Self {
        Self { format: FORMAT.to_owned(), version: VERSION, job, outcome, seconds }
    }

    /// Where the file of a job lies in the folder of a sweep: `jobs/NAME.json`.
    #[must_use]
    pub fn path(folder: &Path, job: &str) -> PathBuf {
        folder.join("jobs").join(format!("{job}.json"))
    }

    /// Writes it atomically into the folder of a sweep, with a digest of its bytes.
    ///
    /// # Errors
    /// [`Error::Write`](crate::Error::Write) with the path.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = Self::path(folder, &self.job.name);
        let damaged =
            |e: serde_json::Error| SweepError::Damaged { path: path.clone(), reason: e.to_string() };
        let text = serde_json::to_string(self).map_err(damaged)?;
        let digest = Digest::of(text.as_bytes());
        let open = text.strip_suffix('}').unwrap_or(&text);
        let sealed = format!("{open}{SEAL}{digest}\"}}\n");
        Ok(atomic::write_file(&path, |w| w.write_all(sealed.as_bytes()))?)
    }

    /// Reads the file of a job; `None` if there is none.
    ///
    /// # Errors
    /// [`SweepError::Read`], and [`SweepError::Damaged`] if a byte has changed or the file is that of another job.
    pub fn read(folder: &Path, job: &Job) -> Result<Option<Self>> {
        let path = Self::path(folder, &job.name);
        let text = match fs::read(&path) {
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(SweepError::Read { path, source }.into()),
            Ok(text) => text,
        };
        match parsed(&text) {
            Ok(file) if file.job == *job => Ok(Some(file)),
            Ok(_) => Err(SweepError::Damaged { path, reason: "it is of another job".to_owned() }.into()),
            Err(reason) => Err(SweepError::Damaged { path, reason }.into()),
        }
    }

    /// Whether the job has a result.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Done(_))
    }
}

fn parsed(bytes: &[u8]) -> std::result::Result<JobFile, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let (open, seal) = text.rsplit_once(SEAL).ok_or("its digest is missing")?;
    let whole = format!("{open}}}");
    if seal.strip_suffix("\"}\n") != Some(Digest::of(whole.as_bytes()).to_string().as_str()) {
        return Err("its bytes are not those that were written".to_owned());
    }
    let file: JobFile = serde_json::from_str(&whole).map_err(|e| e.to_string())?;
    if file.format != FORMAT || file.version != VERSION {
        return Err(format!("it is {} {}, expected {FORMAT} {VERSION}", file.format, file.version));
    }
    Ok(file)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sweep::{Known, Plan};

    pub(in crate::sweep) fn jobs(n: usize) -> Vec<Job> {
        let known = Known { n_stimuli: 6, neuron_ids: vec!["u".to_owned()], content: "0123".to_owned() };
        let plan = format!("recordings = ['a']\nmodels = ['ln']\nseeds = {n}");
        Plan::parse(&plan).unwrap().jobs(&[known]).unwrap()
    }

    fn file(outcome: Outcome) -> JobFile {
        JobFile::new(jobs(1).remove(0), outcome, 0.1 + 0.2)
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for outcome in [
            Outcome::Done(json!({"x": 0.1, "y": [null, 1e-300]})),
            Outcome::Failed("why \",\"digest\":\" not".to_owned()),
        ] {
            let written = file(outcome);
            assert_eq!(JobFile::read(folder.path(), &jobs(2)[1]).unwrap(), None);
            written.write(folder.path()).unwrap();
            assert_eq!(JobFile::read(folder.path(), &written.job).unwrap(), Some(written));
        }
    }

    proptest! {
        #[test]
        fn a_byte_that_changed_is_found(at in 0.0..1.0f64, bit in 0u8..8, cut in any::<bool>()) {
            let folder = tempfile::tempdir().unwrap();
            let written = file(Outcome::Done(json!({"x": 0.1})));
            written.write(folder.path()).unwrap();
            let path = JobFile::path(folder.path(), &written.job.name);
            let mut bytes = fs::read(&path).unwrap();
            let at = (at * bytes.len() as f64) as usize;
            if cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
            fs::write(&path, bytes).unwrap();
            let message = JobFile::read(folder.path(), &written.job).unwrap_err().to_string();
            prop_assert!(message.starts_with(&path.display().to_string()) && message.contains("is damaged"), "{message}");
        }
    }
}
