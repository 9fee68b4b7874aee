//! NWB files (Neurodata Without Borders): units, and the intervals of stimuli. Needs the feature `formats`.
//!
//! ```text
//! /units/spike_times, /units/spike_times_index       spike times in seconds, and where those of each unit end
//! /intervals/trials/start_time, stop_time, stimulus  when each stimulus began and ended, and which one it was
//! /stimulus/presentation/NAME                        sounds, in some files
//! ```

mod intervals;
mod sounds;
mod units;

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use intervals::Presentation;

use super::order::natural;
use crate::{
    error::{Error, Result},
    formats::{FormatError, hdf5::Hdf5},
    names::file_names,
    raw::{RawRecording, RawResponse, RawSound, RawStimulus},
    recording::{Description, Neuron},
};

/// How to read an NWB file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NwbOptions {
    /// The table of intervals, `/intervals/NAME`, or a path in the file; `None` for `trials`, or if there is none, the only one with
    /// a column of stimuli.
    pub table: Option<String>,
    /// The column with the name of the stimulus; `None` for the only one called `stimulus`, `stimulus_name`, `stimulus_id`, `stim`, `stim_name`,
    /// `stim_id` or `sound`.
    pub stimulus: Option<String>,
    /// The column with the onset of the stimulus; `None` for `start_time`.
    pub onset: Option<String>,
    /// A folder of sound files, called as the stimuli, to be used instead of what the file presents.
    pub audio: Option<PathBuf>,
    /// How much later spikes will be moved, in ms: spikes are taken from that much earlier.
    pub shift_ms: f64,
}

/// A unit of an NWB file.
#[derive(Clone, Debug, PartialEq)]
pub struct NwbUnit {
    /// Its id, and further columns of the table of units as metadata.
    pub neuron: Neuron,
    /// Its spikes in seconds on the clock of the file, sorted.
    pub spike_times: Vec<f64>,
}

/// The units of an NWB file, with all their spikes.
///
/// # Errors
/// [`Error::ArrayFile`] for a file that is not HDF5 or damaged, has no units, or if the feature `formats` was not built; [`Error::Io`].
pub fn units(path: impl AsRef<Path>) -> Result<Vec<NwbUnit>> {
    let path = path.as_ref();
    units::read(&open(path)?).map_err(in_file(path, "the units"))
}

/// Reads the responses of all units to the stimuli of a table of intervals.
///
/// Rows with the same stimulus are repeats. A sound is the file of that name in the folder of sounds, else a time series of that name in
/// `/stimulus/presentation`, or the only one there, if it lasts over the interval; else it is missing, and `missing` says so. Spikes are
/// taken for as long as the sound, or as the shortest of the intervals if there is none.
///
/// # Errors
/// [`Error::ArrayFile`] as for [`units`], and for a table or column that is not there, which names those that are; [`Error::Empty`] for a
/// table without rows; [`Error::Io`] for the folder of sounds.
pub fn read(path: impl AsRef<Path>, options: &NwbOptions) -> Result<RawRecording> {
    let path = path.as_ref();
    let file = open(path)?;
    let units = units::read(&file).map_err(in_file(path, "the units"))?;
    let table = intervals::read(&file, options).map_err(in_file(path, "the table of intervals"))?;
    let mut raw = RawRecording {
        description: description(&file, path),
        neurons: units.iter().map(|unit| unit.neuron.clone()).collect(),
        ..RawRecording::default()
    };
    raw.warnings = table.warnings(path);
    let mut rows = table.rows;
    rows.sort_by(|a, b| natural(&a.stimulus, &b.stimulus).then(a.onset.total_cmp(&b.onset)));
    if rows.is_empty() {
        return Err(Error::Empty { what: "intervals of stimuli" });
    }
    let stimuli: Vec<&[Presentation]> = rows.chunk_by(|a, b| a.stimulus == b.stimulus).collect();
    let names: Vec<&str> =
        stimuli.iter().filter_map(|rows| rows.first()).map(|row| row.stimulus.as_str()).collect();
    let mut sounds = sounds::Sounds::of(&file, path, options.audio.as_deref(), &names)?;
    for (presentations, name) in stimuli.iter().zip(file_names(&names)) {
        let sound = sounds.of_stimulus(presentations);
        let shortest = presentations.iter().map(Presentation::seconds).fold(f64::INFINITY, f64::min);
        let lasts = sound.seconds()?;
        let seconds = lasts.unwrap_or(shortest);
        let of_unit = |unit: &NwbUnit| {
            let repeats = presentations.iter().map(|row| {
                super::clock::during(&unit.spike_times, row.onset, seconds, options.shift_ms / 1e3)
            });
            RawResponse::spikes(repeats)
        };
        let responses = units.iter().map(of_unit).collect();
        let mut stimulus = RawStimulus::new(name, sound, responses);
        stimulus.seconds = lasts.is_none().then_some(seconds);
        if let Some(row) = presentations.first() {
            stimulus.metadata.insert("stimulus_name".to_owned(), row.stimulus.clone().into());
        }
        raw.stimuli.push(stimulus);
    }
    raw.missing.extend(sounds.missing());
    let silent: Vec<String> =
        raw.stimuli.iter().filter(|s| s.sound == RawSound::Missing).map(|s| s.name.clone()).collect();
    if !silent.is_empty() {
        raw.missing.push(format!(
            "no sounds for {}: name a folder of them (--audio)",
            crate::error::some_of(&silent)
        ));
    }
    Ok(raw)
}

fn open(path: &Path) -> Result<Hdf5> {
    let file = File::open(path);
    let file =
        file.map_err(|source| Error::Io { path: path.to_path_buf(), action: "open the file", source })?;
    Hdf5::from_file(file).map_err(in_file(path, "the file"))
}

fn in_file<'a>(path: &'a Path, array: &'static str) -> impl Fn(FormatError) -> Error + 'a {
    move |source| Error::ArrayFile { path: path.to_path_buf(), array, source }
}

fn description(file: &Hdf5, path: &Path) -> Description {
    let text = |at: &str| -> Option<String> {
        let texts = file.texts(at).ok()?;
        texts.into_iter().next().filter(|text| !text.is_empty())
    };
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Description {
        name: text("identifier").unwrap_or(stem),
        species: text("general/subject/species").unwrap_or_default(),
        citation: text("general/related_publications"),
        ..Description::default()
    }
}
