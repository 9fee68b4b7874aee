//! Recordings of the package NEMS: a `.tgz` or a folder of signals.
//!
//! ```text
//! por026c/por026c.resp.json        names of the channels, rate of the bins, kind of the signal
//! por026c/por026c.resp.h5          spike times of each channel, or .csv: a line a bin, a column a channel
//! por026c/por026c.resp.epoch.csv   name,start,end in seconds
//! por026c/por026c.stim.json, .h5, .csv
//! ```
//! A signal is a raster (in bins), a point process (spike times), or tiles (one piece for each name of an epoch). Old archives do not say
//! which, and have rasters. Every occurrence of an epoch whose name begins with `STIM_` is a repeat of the stimulus of that name.

mod archive;
mod cut;
mod epochs;
pub mod nat4;
mod signal;
mod sounds;

use std::path::{Path, PathBuf};

use archive::Files;
use cut::Cuts;
use serde_json::Value;

use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawResponse},
    recording::{Description, Neuron},
};

/// How to read a recording of NEMS.
#[derive(Clone, Debug, PartialEq)]
pub struct NemsOptions {
    /// The signal of the responses.
    pub responses: String,
    /// The signal of the stimuli.
    pub stimuli: String,
    /// How the names of epochs begin that are stimuli; the rest is the name of the stimulus.
    pub prefix: String,
    /// A folder of sound files, called as the stimuli, to be used instead of the signal of the stimuli.
    pub audio: Option<PathBuf>,
    /// How much later spikes will be moved, in ms: spike times are taken from that much earlier.
    pub shift_ms: f64,
}

impl Default for NemsOptions {
    /// `resp`, `stim`, `STIM_`, no sounds, no shift.
    fn default() -> Self {
        Self {
            responses: "resp".to_owned(),
            stimuli: "stim".to_owned(),
            prefix: "STIM_".to_owned(),
            audio: None,
            shift_ms: 0.0,
        }
    }
}

/// Reads a recording of NEMS from a `.tgz` or a folder.
///
/// Neurons are called as the channels of the responses, stimuli as their epochs without the prefix. A stimulus begins with the bin nearest to
/// the start of its epoch, in the bins of the recording, `round(start fs)`, and spike times are counted from the start of that bin: in bins of
/// the recording, a spike is in bin `floor(t fs)`. Occurrences of one epoch may have different lengths; bins after the end of the shorter are
/// missing. Without a signal of the stimuli the sounds are missing, and `missing` says "no stimulus signal".
///
/// # Errors
/// [`Error::ArrayFile`] for a file that cannot be read, also if it is HDF5 and the feature `formats` was not built; [`Error::Json`],
/// [`Error::Field`] for a description that is not NEMS's, a signal of responses that is not there, and no epochs of that prefix;
/// [`Error::Io`].
pub fn read(path: impl AsRef<Path>, options: &NemsOptions) -> Result<RawRecording> {
    let path = path.as_ref();
    let mut files = Files::read(path, &[&options.responses, &options.stimuli])?;
    let responses = files.signal(&options.responses)?.ok_or_else(|| Error::Field {
        path: path.to_path_buf(),
        field: format!("the signal {}", options.responses),
        got: "missing".to_owned(),
        expected: format!("one of the signals of the recording ({})", files.names()),
    })?;
    let stimuli = files.signal(&options.stimuli)?;
    let mut raw = RawRecording {
        description: Description {
            name: responses.recording.clone().unwrap_or_else(|| stem(path)),
            ..Description::default()
        },
        neurons: responses.channels.iter().map(Neuron::new).collect(),
        ..RawRecording::default()
    };
    if let Some(meta) = files.meta()? {
        raw.description.metadata.insert("nems".to_owned(), meta);
    }
    let cuts = Cuts::of(path, &responses, stimuli.as_ref(), &options.prefix, &mut raw)?;
    raw.stimuli = cuts.stimuli(&responses, options.shift_ms, &mut raw.warnings)?;
    match &options.audio {
        Some(folder) => sounds::add(folder, &cuts, &mut raw)?,
        None => match &stimuli {
            Some(signal) => cuts.add_cochleagrams(signal, &mut raw)?,
            None => raw.missing.push(format!(
                "no stimulus signal: {} has no signal called {}, only {}",
                path.display(),
                options.stimuli,
                files.names()
            )),
        },
    }
    leave_out_unrecorded(&mut raw);
    Ok(raw)
}

/// Leaves out stimuli during which no unit was recorded, and says so.
fn leave_out_unrecorded(raw: &mut RawRecording) {
    let mut names = Vec::new();
    raw.stimuli.retain(|stimulus| {
        let is_recorded = stimulus.responses.iter().any(|response| *response != RawResponse::Missing);
        if !is_recorded {
            names.push(stimulus.name.clone());
        }
        is_recorded
    });
    if !names.is_empty() {
        raw.missing.push(format!("no responses to {}: they are left out", crate::error::some_of(&names)));
    }
}

/// The name of a file or folder without `.tgz`.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".tgz", ".tar.gz", ".tar"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).to_owned()
}

/// An epoch's name in the metadata of its stimulus.
const EPOCH: &str = "epoch";

/// Metadata of a stimulus.
fn metadata(epoch: &str) -> crate::recording::Metadata {
    [(EPOCH.to_owned(), Value::from(epoch))].into_iter().collect()
}
