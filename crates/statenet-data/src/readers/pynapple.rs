//! Spike times of units as pynapple saves them (`TsGroup.save`): an npz file with the arrays `t` (seconds) and `index` (the unit of each).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    arrays::bytes,
    clock,
    table::{self, Sounds},
};
use crate::{
    error::{Error, Result},
    formats::{FormatError, npz},
    raw::RawRecording,
    recording::{Description, Neuron},
};

/// What the spikes are to be read with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PynappleOptions {
    /// The table of onsets; `None` for `onsets.csv`, `.tsv` or `.json` beside the file.
    pub onsets: Option<PathBuf>,
    /// The folder of the sounds; `None` for `audio` beside the file.
    pub audio: Option<PathBuf>,
    /// How much later spikes will be moved, in ms: spikes are taken from that much earlier.
    pub shift_ms: f64,
}

/// Whether a file has the arrays that pynapple writes: `t` and `index`.
#[must_use]
pub fn is_one(file: &Path) -> bool {
    let names = bytes(file).ok().and_then(|content| npz::names(&content).ok()).unwrap_or_default();
    ["t", "index"].iter().all(|name| names.iter().any(|found| found == name))
}

/// Reads the units of a file, with their responses to the sounds whose onsets a table lists, on the same clock.
///
/// Units without spikes are in the file's array `keys` only, and are silent neurons.
///
/// # Errors
/// [`Error::ArrayFile`] for a file without these arrays or of different lengths; those of tables and sounds.
pub fn read(file: impl AsRef<Path>, options: &PynappleOptions) -> Result<RawRecording> {
    let file = file.as_ref();
    let in_file =
        |array: &'static str| move |source| Error::ArrayFile { path: file.to_path_buf(), array, source };
    let content = bytes(file)?;
    let (_, times) = npz::parse_f64(&content, "t").map_err(in_file("t"))?;
    let (_, units) = npz::parse_f64(&content, "index").map_err(in_file("index"))?;
    if times.len() != units.len() {
        let got = vec![units.len()];
        return Err(in_file("index")(FormatError::Axes { got, expected: "as many entries as t: 1" }));
    }
    let mut trains: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    if npz::names(&content).map_err(in_file("keys"))?.iter().any(|name| name == "keys") {
        let (_, keys) = npz::parse_f64(&content, "keys").map_err(in_file("keys"))?;
        trains.extend(keys.iter().map(|&unit| (unit as i64, Vec::new())));
    }
    for (&time, &unit) in times.iter().zip(&units) {
        trains.entry(unit as i64).or_default().push(time);
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let onsets = table::onsets_of(folder, options.onsets.as_deref())?;
    let mut sounds = Sounds::of_audio(folder, options.audio.as_deref())?;
    let (units, trains): (Vec<i64>, Vec<Vec<f64>>) = trains.into_iter().unzip();
    let stimuli = clock::stimuli(&trains, &onsets, &mut |name| sounds.take(name), options.shift_ms)?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(RawRecording {
        description: Description { name, ..Description::default() },
        neurons: units.into_iter().map(|unit| Neuron::new(unit.to_string())).collect(),
        stimuli,
        ..RawRecording::default()
    })
}
