//! The state of a running fit on disk, so that a killed fit can be resumed and gives the same result as an uninterrupted
//! one.
//!
//! The state is a folder with `fit.json` (scores so far, and a fingerprint of everything that the fit depends on) and
//! `fit.safetensors` (current and best weights, their average if there is one, both moments of the optimiser), written atomically. Fits are
//! deterministic, so that it does not matter after which epoch the state was saved.
//!
//! `fit.json` has the digest of `fit.safetensors`, and ends with the digest of its own bytes: a fit goes on from the bytes that were
//! written, or not at all.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::{
    Digest,
    atomic::{NewFolder, write_file},
};
use statenet_data::{Recording, Split};
use statenet_models::ResponseModel;

use super::{config::FitConfig, course::Course, early_stopping::EarlyStopping, seal};
use crate::{
    error::{During, Error, Result},
    history::Stopped,
    optimizers::Moments,
};

const STATE_FILE: &str = "fit.json";
const TENSORS_FILE: &str = "fit.safetensors";
const FORMAT: u32 = 2;

/// Everything that a fit depends on: two fits with the same fingerprint give the same weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    model: serde_json::Value,
    /// Digest of the initial weights.
    start: String,
    fit: FitConfig,
    split: Split,
    /// The epochs of a refit to training and validation stimuli.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refit: Option<Course>,
    /// Digest of training and validation data.
    data: String,
}

impl Fingerprint {
    /// That of a fit which has not begun, but for the digest of its data.
    pub(crate) fn without_data(
        model: &dyn ResponseModel,
        fit: &FitConfig,
        split: &Split,
        refit: Option<&Course>,
    ) -> Result<Self> {
        let start = digest_of_values(model.params().iter().map(|p| p.var.as_tensor()))?;
        let model = serde_json::to_value(model.config()).unwrap_or_default();
        let data = String::new();
        Ok(Self { model, start, fit: fit.clone(), split: split.clone(), refit: refit.cloned(), data })
    }

    /// The first field that differs, with both values.
    fn difference(&self, other: &Self) -> Option<(&'static str, String, String)> {
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        let fields: [(&'static str, String, String); 6] = [
            ("model", self.model.to_string(), other.model.to_string()),
            ("settings", text(&self.fit), text(&other.fit)),
            // As it is saved: the lists of stimuli, and nothing that was found out about them.
            ("split", as_json(&self.split), as_json(&other.split)),
            ("refit", text(&self.refit), text(&other.refit)),
            ("data", self.data.clone(), other.data.clone()),
            ("start", self.start.clone(), other.start.clone()),
        ];
        fields.into_iter().find(|(_, a, b)| a != b)
    }
}

fn as_json(split: &Split) -> String {
    serde_json::to_string(split).unwrap_or_default()
}

fn digest_of_values<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> Result<String> {
    let mut digest = Digest::default();
    for tensor in tensors {
        let values =
            tensor.flatten_all().and_then(|t| t.to_dtype(DType::F64)).and_then(|t| t.to_vec1::<f64>());
        for value in values.during("reading parameters")? {
            digest.add(&value.to_le_bytes());
        }
    }
    Ok(digest.to_string())
}

/// A digest of the sounds and responses of some stimuli.
pub(crate) fn digest_of_data(recording: &Recording, stimuli: impl Iterator<Item = usize>) -> Result<String> {
    let mut digest = Digest::default();
    for s in stimuli {
        let stimulus = recording.stimulus(s)?;
        // All repeats, not only the PSTH, since the validation score depends on them.
        let responses = stimulus.responses()?;
        for value in stimulus.cochleagram().iter().chain(responses.values().iter()) {
            digest.add(&value.to_le_bytes());
        }
        for &valid in responses.mask().view() {
            digest.add(&[u8::from(valid)]);
        }
    }
    Ok(digest.to_string())
}

/// The state of a running fit.
pub(crate) struct FitState {
    /// Why the fit has ended; `None` if it has not.
    pub(crate) ended: Option<Stopped>,
    pub(crate) early_stopping: EarlyStopping,
    pub(crate) current: BTreeMap<String, Tensor>,
    pub(crate) best: BTreeMap<String, Tensor>,
    /// What the average of weights needs; empty without one.
    pub(crate) average: BTreeMap<String, Tensor>,
    pub(crate) moments: Moments,
}

/// The content of `fit.json`.
#[derive(Serialize, Deserialize)]
struct StateFile {
    format: u32,
    fingerprint: Fingerprint,
    #[serde(rename = "course")]
    early_stopping: EarlyStopping,
    n_steps: usize,
    ended: Option<Stopped>,
    /// Digest of the bytes of `fit.safetensors`.
    tensors: String,
}

/// The folder that holds the state of a running fit.
pub(crate) struct FitFolder<'a> {
    folder: PathBuf,
    without_data: Fingerprint,
    recording: &'a Recording,
    /// With the digest of the data, which takes long and is made when a state is read or saved: a short fit does neither.
    fingerprint: OnceLock<Fingerprint>,
}

impl<'a> FitFolder<'a> {
    pub(crate) fn new(folder: &Path, without_data: Fingerprint, recording: &'a Recording) -> Self {
        Self { folder: folder.to_path_buf(), without_data, recording, fingerprint: OnceLock::new() }
    }

    fn fingerprint(&self) -> Result<&Fingerprint> {
        if let Some(made) = self.fingerprint.get() {
            return Ok(made);
        }
        let split = &self.without_data.split;
        let data = digest_of_data(self.recording, split.train().iter().chain(split.val()).copied())?;
        Ok(self.fingerprint.get_or_init(|| Fingerprint { data, ..self.without_data.clone() }))
    }

    /// Loads the state; `None` if the folder holds none.
    ///
    /// # Errors
    /// [`Error::OtherFit`] if it is the state of a fit with another model, data or settings; [`Error::DamagedState`] if it is
    /// damaged; [`Error::File`] if a file cannot be read.
    pub(crate) fn load(&self, device: &Device) -> Result<Option<FitState>> {
        let path = self.folder.join(STATE_FILE);
        let Some(bytes) = read(&path)? else {
            // A folder without either file holds no state.
            return match self.folder.join(TENSORS_FILE).exists() {
                true => Err(self.damaged(STATE_FILE, "the file is missing")),
                false => Ok(None),
            };
        };
        let text = seal::unseal(&bytes).map_err(|reason| self.damaged(STATE_FILE, reason))?;
        let file: StateFile = serde_json::from_str(&text).map_err(|e| self.damaged(STATE_FILE, e))?;
        if file.format != FORMAT {
            let reason = format!("format is {}, expected {FORMAT}", file.format);
            return Err(self.damaged(STATE_FILE, reason));
        }
        if let Some((field, got, expected)) = file.fingerprint.difference(self.fingerprint()?) {
            return Err(Error::OtherFit { path: self.folder.clone(), field, got, expected });
        }
        let bytes = read(&self.folder.join(TENSORS_FILE))?;
        let bytes = bytes.ok_or_else(|| self.damaged(TENSORS_FILE, "the file is missing"))?;
        if Digest::of(&bytes).to_string() != file.tensors {
            return Err(self.damaged(TENSORS_FILE, "its bytes are not those that were written"));
        }
        let damaged = |e: candle_core::Error| self.damaged(TENSORS_FILE, e);
        let tensors = candle_core::safetensors::load_buffer(&bytes, device).map_err(damaged)?;
        let part = |prefix: &str| -> BTreeMap<String, Tensor> {
            let own =
                |(name, t): (&String, &Tensor)| Some((name.strip_prefix(prefix)?.to_owned(), t.clone()));
            tensors.iter().filter_map(own).collect()
        };
        let numbers = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f64>()).map_err(damaged);
        let (means, squares) = (part("mean."), part("square."));
        let by_name = means
            .iter()
            .filter_map(|(name, mean)| Some((name, mean, squares.get(name)?)))
            .map(|(name, mean, square)| Ok((name.clone(), (numbers(mean)?, numbers(square)?))))
            .collect::<Result<_>>()?;
        let moments = Moments { n_steps: file.n_steps, by_name };
        Ok(Some(FitState {
            ended: file.ended,
            early_stopping: file.early_stopping,
            current: part("current."),
            best: part("best."),
            average: part("average."),
            moments,
        }))
    }

    /// Saves the state of a fit atomically.
    pub(crate) fn save(&self, fit: &FitState) -> Result<()> {
        let mut tensors: BTreeMap<String, Tensor> = BTreeMap::new();
        for (prefix, weights) in [("current", &fit.current), ("best", &fit.best), ("average", &fit.average)] {
            tensors.extend(weights.iter().map(|(name, t)| (format!("{prefix}.{name}"), t.clone())));
        }
        for (name, (mean, square)) in &fit.moments.by_name {
            for (prefix, values) in [("mean", mean), ("square", square)] {
                let tensor = Tensor::new(values.as_slice(), &Device::Cpu).during("saving moments")?;
                tensors.insert(format!("{prefix}.{name}"), tensor);
            }
        }
        let path = self.folder.join(TENSORS_FILE);
        let unwritable =
            |source| Error::File { path: path.clone(), action: "express as safetensors", source };
        let bytes = safetensors::serialize(tensors.iter().map(|(n, t)| (n.as_str(), t)), None)
            .map_err(|e| unwritable(e.into()))?;
        let file = StateFile {
            format: FORMAT,
            fingerprint: self.fingerprint()?.clone(),
            early_stopping: fit.early_stopping.clone(),
            n_steps: fit.moments.n_steps,
            ended: fit.ended,
            tensors: Digest::of(&bytes).to_string(),
        };
        let text = serde_json::to_string(&file).map_err(|e| unwritable(e.into()))?;
        let new = NewFolder::create(&self.folder)?;
        write_file(&new.path().join(STATE_FILE), |w| w.write_all(seal::seal(&text).as_bytes()))?;
        write_file(&new.path().join(TENSORS_FILE), |w| w.write_all(&bytes))?;
        Ok(new.commit(STATE_FILE)?)
    }

    /// The error for a state that was read but does not fit the model.
    pub(crate) fn unusable(&self, error: &Error) -> Error {
        self.damaged(TENSORS_FILE, error)
    }

    fn damaged(&self, file: &str, reason: impl ToString) -> Error {
        Error::DamagedState {
            path: self.folder.join(file),
            folder: self.folder.clone(),
            reason: reason.to_string(),
        }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// Removes the state of a finished fit. The folder is renamed first, so that a process killed meanwhile leaves no state to
    /// resume from. A folder without a state is left alone.
    pub(crate) fn clear(&self) -> Result<()> {
        if !self.folder.join(STATE_FILE).is_file() {
            return Ok(());
        }
        let failed =
            |e: std::io::Error| Error::File { path: self.folder.clone(), action: "remove", source: e.into() };
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let ended = self.folder.with_file_name(format!(".statenet-ended-{name}"));
        if ended.exists() {
            std::fs::remove_dir_all(&ended).map_err(failed)?;
        }
        std::fs::rename(&self.folder, &ended).map_err(failed)?;
        std::fs::remove_dir_all(&ended).map_err(failed)
    }
}

/// The bytes of a file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::File { path: path.to_path_buf(), action: "read", source: e.into() }),
    }
}
