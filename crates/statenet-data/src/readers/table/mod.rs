//! Sounds in a folder, and spike times in a table.
//!
//! ```text
//! my-recording/
//!   audio/NAME.wav      the sounds (or FLAC); or stimuli/NAME.npy, cochleagrams (F, T)
//!   spikes.csv          unit,stimulus,repeat,time_s; or .tsv, .json, .parquet
//! ```
//! Times are from the onset of the sound. Or they are on one clock, in a table `unit,time_s`, beside a table of the sounds' onsets
//! `stimulus,onset_s` on the same clock; the repeats of a sound are then in the order of their onsets.

mod columns;
mod onsets;
mod parquet;
mod row;
mod rows;
mod spikes;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use statenet_core::{TimeBin, Warning};

use spikes::{Repeats, SpikeTable};

use super::{
    arrays::{bytes, read_cochleagram},
    clock::{self, Onset},
    sound_folder::{files_with, sound_files, without_ending},
};
use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawSound},
    recording::{Description, Neuron},
};

/// How to read a table of spikes.
///
/// The default is `spikes.csv`, `.tsv`, `.json` or `.parquet` in the folder, no onsets, and as many repeats as the table has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableOptions {
    /// The table of spikes; `None` for `spikes.*` in the folder.
    pub spikes: Option<PathBuf>,
    /// The table of onsets, if times are on one clock; `None` for `onsets.*` in the folder, if there is one.
    pub onsets: Option<PathBuf>,
    /// The folder of the sounds; `None` for `audio` or `stimuli` in the folder, or the folder itself.
    pub audio: Option<PathBuf>,
    /// How often each sound was played. A repeat without any spike has no row, so that a table alone may say too few.
    pub repeats: Option<usize>,
    /// The width of the bins of cochleagrams in `stimuli/`; not needed for sounds.
    pub dt: Option<TimeBin>,
    /// How much later spikes will be moved, in ms: with onsets, spikes are taken from that much earlier.
    pub shift_ms: f64,
}

/// Endings of the tables that are read.
const ENDINGS: [&str; 4] = ["csv", "tsv", "json", "parquet"];

/// Reads sounds and a table of spike times.
///
/// A table is CSV, TSV, JSON or, with the feature `formats`, Parquet. Columns are found by their names: `unit` (or neuron, cell, cluster), `stimulus` (or sound), `repeat` (or trial), and `time_s` or `time_ms`.
/// Repeats count from 0, or from 1 if there is none called 0. A row without a time says that the repeat was recorded and had no spike.
///
/// A unit is taken to have been recorded in all repeats of all sounds of the table.
///
/// # Errors
/// [`Error::TableColumns`], [`Error::TableValue`] with the line; [`Error::NoFile`] if there is no table; [`Error::Setting`] for a repeat that
/// is not below the number of repeats; [`Error::Io`].
pub fn read(folder: impl AsRef<Path>, options: &TableOptions) -> Result<RawRecording> {
    let folder = folder.as_ref();
    let spikes_path =
        given_or_found(options.spikes.as_deref(), folder, "spikes")?.ok_or_else(|| Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "spikes.csv, .tsv, .json or .parquet, a table of spike times",
        })?;
    let onsets_path = given_or_found(options.onsets.as_deref(), folder, "onsets")?;
    let table = SpikeTable::parse(bytes(&spikes_path)?, &spikes_path, onsets_path.is_some())?;
    let mut sounds = Sounds::of(folder, options)?;
    let mut raw = RawRecording {
        description: Description { name: name_of(folder), ..Description::default() },
        neurons: table.units().iter().map(Neuron::new).collect(),
        ..RawRecording::default()
    };
    match onsets_path {
        Some(path) => {
            let onsets = onsets::parse(bytes(&path)?, &path)?;
            raw.stimuli = clock::stimuli(
                &table.on_one_clock(),
                &onsets,
                &mut |name| sounds.take(name),
                options.shift_ms,
            )?;
        }
        None => {
            let repeats = Repeats::of(&table, options.repeats)?;
            raw.warnings.extend(
                repeats
                    .doubt()
                    .map(|message| Warning::new("repeats", message, spikes_path.display().to_string())),
            );
            raw.stimuli = table.stimuli(&repeats, &mut |name| sounds.take(name))?;
        }
    }
    let unused = sounds.unused();
    if !unused.is_empty() {
        raw.missing.push(format!(
            "no row of {} names the sounds {}: they are left out",
            spikes_path.display(),
            unused.join(", ")
        ));
    }
    Ok(raw)
}

/// The onsets of the sounds: of the table that was named, or that of the folder.
pub(super) fn onsets_of(folder: &Path, named: Option<&Path>) -> Result<Vec<Onset>> {
    let path = given_or_found(named, folder, "onsets")?.ok_or_else(|| Error::NoFile {
        folder: folder.to_path_buf(),
        expected: "onsets.csv, a table of stimulus and onset_s on the clock of the spikes (--onsets)",
    })?;
    onsets::parse(bytes(&path)?, &path)
}

/// The name of a recording: that of its folder.
pub(super) fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    whole.file_name().map_or_else(|| "recording".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A file that was named, or the one table of this name in the folder.
fn given_or_found(given: Option<&Path>, folder: &Path, name: &'static str) -> Result<Option<PathBuf>> {
    if let Some(path) = given {
        return Ok(Some(path.to_path_buf()));
    }
    let candidates = ENDINGS.iter().map(|ending| folder.join(format!("{name}.{ending}")));
    let found: Vec<PathBuf> = candidates.filter(|path| path.is_file()).collect();
    match found.as_slice() {
        [_, other, ..] => {
            let name = other.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Err(Error::Duplicate { what: "table", name })
        }
        _ => Ok(found.into_iter().next()),
    }
}

/// The sounds of a recording, by name.
pub(super) struct Sounds {
    known: BTreeMap<String, RawSound>,
    taken: BTreeSet<String>,
}

impl Sounds {
    /// Sound files of `audio`, or cochleagrams of `stimuli`, or sound files of the folder itself.
    fn of(folder: &Path, options: &TableOptions) -> Result<Self> {
        let (audio, stimuli) = (folder.join("audio"), folder.join("stimuli"));
        let known = match &options.audio {
            Some(named) => files(named)?,
            None if audio.is_dir() => files(&audio)?,
            None if stimuli.is_dir() => {
                let arrays = files_with(&stimuli, &["npy"], "list the cochleagrams")?;
                let dt = options.dt.ok_or_else(|| Error::Setting {
                    setting: "dt of the cochleagrams",
                    got: "missing".to_owned(),
                    expected: "the width of their bins in ms (--dt)",
                })?;
                let read =
                    |(name, path)| Ok((name, RawSound::Cochleagram { values: read_cochleagram(path)?, dt }));
                arrays.into_iter().map(read).collect::<Result<_>>()?
            }
            None => files(folder)?,
        };
        Ok(Self { known, taken: BTreeSet::new() })
    }

    /// The sound files of a named folder, or of `audio` in the folder, or of the folder itself.
    pub(super) fn of_audio(folder: &Path, named: Option<&Path>) -> Result<Self> {
        let audio = folder.join("audio");
        let holds = named.unwrap_or(if audio.is_dir() { &audio } else { folder });
        Ok(Self { known: files(holds)?, taken: BTreeSet::new() })
    }

    /// The sound that a table calls so; [`RawSound::Missing`] if there is none.
    pub(super) fn take(&mut self, name: &str) -> RawSound {
        let name = without_ending(name);
        self.taken.insert(name.to_owned());
        self.known.get(name).cloned().unwrap_or(RawSound::Missing)
    }

    /// Names of the sounds that were not taken.
    pub(super) fn unused(&self) -> Vec<String> {
        self.known.keys().filter(|name| !self.taken.contains(*name)).cloned().collect()
    }
}

fn files(folder: &Path) -> Result<BTreeMap<String, RawSound>> {
    Ok(sound_files(folder)?.into_iter().map(|(name, path)| (name, RawSound::File(path))).collect())
}
