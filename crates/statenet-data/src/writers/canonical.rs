//! Writes the canonical folder atomically; `readers/canonical.rs` describes its content.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ndarray::Array3;
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use statenet_core::{Hertz, Input, ResponseUnit, TimeBin, atomic::NewFolder};

use super::audio::Sounds;
use crate::{
    error::{Error, Result},
    formats::{npy, npz},
    preprocess::Smoothing,
    readers::{FILE, FORMAT, VERSION},
    recording::{Description, Metadata, Neuron, Recording, Responses, Stimulus},
};

impl Recording {
    /// Writes the recording, sounds included, as a folder from which [`read`](Self::read) restores it.
    ///
    /// Cochleagrams are stored as f32; spike counts as whole numbers of 8 or 16 bits if they fit and none is missing,
    /// other responses as f32 with NaN for missing values. The folder appears when all of it is written. It replaces an older recording at
    /// the same path, but nothing else. The restored recording is equal but for the paths in [`Stimulus::audio`], which
    /// point into the new folder.
    ///
    /// # Errors
    /// [`Error::Write`] or [`Error::Io`] if a file cannot be written or a sound cannot be copied; [`Error::Field`] if
    /// metadata use a key of the format.
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<()> {
        let folder = folder.as_ref();
        let new = NewFolder::create(folder)?;
        self.write_files(new.path(), folder)?;
        Ok(new.commit(FILE)?)
    }

    /// Writes the files into a folder that is there, one by one, for who puts them in place together; errors name them as if they were in
    /// `shown`.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_files(&self, root: &Path, shown: &Path) -> Result<()> {
        let mut files = Files::new(root, shown, self.input())?;
        files.add(self.stimuli())?;
        let unit = self.response_unit();
        files.finish(self.description(), self.dt(), self.bands(), self.neurons(), (unit, self.smoothing()))
    }
}

/// The files of a recording that is written, stimulus by stimulus.
pub(super) struct Files {
    root: PathBuf,
    /// Where errors say that they are.
    shown: PathBuf,
    input: Input,
    sounds: Sounds,
    /// Their entries in `recording.json`.
    stimuli: Vec<Value>,
}

impl Files {
    pub(super) fn new(root: &Path, shown: &Path, input: Input) -> Result<Self> {
        for subfolder in ["stimuli", "responses"] {
            make_folder(&root.join(subfolder))?;
        }
        let (root, shown) = (root.to_path_buf(), shown.to_path_buf());
        Ok(Self { root, shown, input, sounds: Sounds::default(), stimuli: Vec::new() })
    }

    /// Writes the files of some stimuli, side by side: as many are in memory at once as there are threads.
    pub(super) fn add(&mut self, stimuli: &[Stimulus]) -> Result<()> {
        let Self { root, input, .. } = &*self;
        let arrays = |stimulus: &Stimulus| write_arrays(root, stimulus, *input);
        let entries = stimuli.par_iter().map(arrays).collect::<Vec<_>>();
        for (stimulus, entry) in stimuli.iter().zip(entries) {
            let mut entry = entry?;
            let audio = self.sounds.write(&self.root, stimulus)?;
            entry.insert("audio".to_owned(), json!(audio));
            let at = format!("stimuli[{}].", self.stimuli.len());
            self.stimuli.push(merged(entry, stimulus.metadata(), &self.shown.join(FILE), &at)?);
        }
        Ok(())
    }

    /// Writes `recording.json`.
    pub(super) fn finish(
        self,
        about: &Description,
        dt: TimeBin,
        bands: &[Hertz],
        neurons: &[Neuron],
        (unit, smoothing): (&ResponseUnit, Option<Smoothing>),
    ) -> Result<()> {
        let path = self.shown.join(FILE);
        let neuron = |(i, neuron): (usize, &Neuron)| {
            let entry = object([("id", json!(neuron.id()))]);
            merged(entry, neuron.metadata(), &path, &format!("neurons[{i}]."))
        };
        let neurons = neurons.iter().enumerate().map(neuron).collect::<Result<Vec<_>>>()?;
        let bands: Vec<f64> = bands.iter().map(|band| band.hz()).collect();
        let entry = object([
            ("format", json!(FORMAT)),
            ("version", json!(VERSION)),
            ("name", json!(about.name)),
            ("species", json!(about.species)),
            ("area", json!(about.area)),
            ("dt_ms", json!(dt.ms())),
            ("response_unit", json!(unit)),
            ("band_centers_hz", json!(bands)),
            ("smoothing", json!(smoothing)),
            ("cochleagram", about.cochleagram.clone()),
            ("citation", json!(about.citation)),
            ("licence", json!(about.licence)),
            ("neurons", Value::Array(neurons)),
            ("stimuli", Value::Array(self.stimuli)),
        ]);
        let json = merged(entry, &about.metadata, &path, "")?;
        write_file(&self.root.join(FILE), format!("{json:#}\n").as_bytes())
    }
}

/// Writes the arrays of a stimulus; returns its JSON entry without metadata and path of the sound.
///
/// Bins of sound are not written: the sound file has them.
fn write_arrays(root: &Path, stimulus: &Stimulus, input: Input) -> Result<Metadata> {
    let name = stimulus.name();
    let (sound, file) = (format!("stimuli/{name}.npy"), format!("responses/{name}.npz"));
    let encoded = |result: Result<Vec<u8>, _>, path: &str| {
        result.map_err(|source| Error::Encode {
            path: path.into(),
            what: "an array",
            source: Box::new(source),
        })
    };
    let sound = match input {
        Input::Sound => None,
        Input::Cochleagram => {
            write_file(&root.join(&sound), &encoded(npy::encode(stimulus.cochleagram()), &sound)?)?;
            Some(sound)
        }
    };
    let responses = stimulus.responses()?;
    let npy = encoded(encode_responses(&responses), &file)?;
    write_file(&root.join(&file), &encoded(npz::encode(&[(responses.unit().array(), npy)]), &file)?)?;
    let excerpt = stimulus.excerpt();
    Ok(object([
        ("name", json!(name)),
        ("kind", json!(stimulus.kind())),
        ("stimulus", json!(sound)),
        ("responses", json!(file)),
        ("audio", Value::Null),
        ("audio_first_bin", json!(excerpt.map(|part| part.first_bin))),
        ("audio_bins", json!(excerpt.map(|part| part.file_bins))),
        ("bins", json!(stimulus.n_bins())),
        ("repeats", json!(responses.n_repeats())),
    ]))
}

fn encode_responses(responses: &Responses) -> Result<Vec<u8>, crate::formats::FormatError> {
    let values = responses.values();
    let whole = responses.unit().is_spikes() && responses.mask().is_complete();
    let whole_below = |limit: f32| whole && values.iter().all(|v| v.fract() == 0.0 && *v <= limit);
    if whole_below(f32::from(u8::MAX)) {
        npy::encode(values.mapv(|v| v as u8).view())
    } else if whole_below(f32::from(u16::MAX)) {
        npy::encode(values.mapv(|v| v as u16).view())
    } else {
        let with_nan: Array3<f32> = responses.to_nan();
        npy::encode(with_nan.view())
    }
}

/// Joins the format's fields, without null ones, and the metadata; a key in both is an error.
fn merged(mut entry: Metadata, metadata: &Metadata, path: &Path, at: &str) -> Result<Value> {
    for (key, value) in metadata {
        if entry.contains_key(key) {
            return Err(Error::Field {
                path: path.to_path_buf(),
                field: format!("{at}{key}"),
                got: "metadata".to_owned(),
                expected: "a key that the format does not use".to_owned(),
            });
        }
        entry.insert(key.clone(), value.clone());
    }
    entry.retain(|key, value| metadata.contains_key(key) || !value.is_null());
    Ok(Value::Object(entry))
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Metadata {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>()
}

pub(super) fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(io(path, "create folder"))
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).map_err(io(path, "write"))
}

pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Io { path, action, source }
}
