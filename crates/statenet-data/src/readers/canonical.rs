//! Reads the canonical folder: `recording.json`, `stimuli/*.npy`, `responses/*.npz` or `.npy`, and optionally `audio/*`.
//!
//! ```text
//! {"format": "statenet-recording", "version": 1, "name": .., "species": .., "area": .., "dt_ms": 5.0,
//!  "response_unit": "spikes/bin" or another, "band_centers_hz": [..], "cochleagram": .., "citation": .., "licence": ..,
//!  "neurons": [{"id": ..}, ..],
//!  "stimuli": [{"name": .., "kind": .., "stimulus": "stimuli/x.npy", "responses": "responses/x.npz",
//!               "audio": "audio/x.wav", "bins": 999, "repeats": 20}, ..]}
//! ```
//! A stimulus that is a part of its sound file has `audio_first_bin` and `audio_bins`: where the part starts, and the bins of the whole.
//! Responses in another unit than spikes/bin are `values` in their npz files, which may be negative; spikes are `counts`.
//! An older spelling, `band_centres_hz`, is read too. Required are format, version, name, dt_ms, neurons (id) and stimuli (name, responses, and stimulus or audio): a folder whose
//! stimuli have sounds only is a recording of sound. Fields that the format
//! does not define are kept as metadata of the recording, neuron or stimulus.

use std::{fs, path::Path};

use ndarray::Array2;
use serde_json::Value;
use statenet_core::{Hertz, Input, ResponseUnit, TimeBin, available_memory, expect_shape, json};

use super::{
    arrays::read_cochleagram,
    fields::{Fields, shortened},
    responses::{ResponseBytes, n_values},
};
use crate::{
    error::{Error, Place, Result},
    preprocess::Smoothing,
    recording::{Description, Excerpt, Neuron, Recording, SoundReader, Source, Stimulus, Stored},
};

/// The file that describes a recording.
pub(crate) const FILE: &str = "recording.json";
/// `format` in that file.
pub(crate) const FORMAT: &str = "statenet-recording";
/// `version` in that file.
pub(crate) const VERSION: usize = 1;

/// Responses that take more than this part of the free memory stay on disk.
const PART_OF_FREE_MEMORY: u64 = 4;
/// What a value takes in memory: f32, its mask, and f32 once more when it is smoothed.
const BYTES_OF_A_VALUE: u64 = 9;

impl Recording {
    /// Reads a recording from its folder, and checks every array against the others and the JSON.
    ///
    /// `responses` are `counts` `(N, R, T)` of whole or real numbers in an npz file, or `(N, R, T)` or `(N, T)` in an
    /// npy file; NaN means missing. Where `response_unit` is not spikes/bin, `values` take the place of `counts`. Neurons without spikes, stimuli of a single bin, and stimuli of different lengths and
    /// numbers of repeats are valid.
    ///
    /// # Errors
    /// Each names the file and the field or array: [`Error::Io`], [`Error::Json`], [`Error::Field`],
    /// [`Error::ArrayFile`], [`Error::Shape`], [`Error::Value`], [`Error::Empty`].
    ///
    /// # Larger than memory
    /// Responses that would take more than a quarter of the free memory, 9 bytes a value (as recorded, smoothed, and the mask), stay on disk:
    /// each file is checked here and [read again](Stimulus::responses) when it is needed. Do not change the folder meanwhile; a
    /// file that changed is an error. [`read_within`](Self::read_within) sets another limit.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self> {
        Self::read_within(folder, available_memory().map_or(u64::MAX, |free| free / PART_OF_FREE_MEMORY))
    }

    /// [`read`](Self::read) that leaves responses on disk if they would take more than `most_bytes` of memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_within(folder: impl AsRef<Path>, most_bytes: u64) -> Result<Self> {
        let folder = folder.as_ref();
        let path = folder.join(FILE);
        let bytes = super::arrays::bytes(&path)?;
        let json = json::parse(&bytes).map_err(|source| Error::Json { path: path.clone(), source })?;
        let mut fields = Fields::new(&path, String::new(), json)?;
        fields.expect_format(FORMAT, VERSION)?;
        let unit = fields.optional_unit("response_unit")?.unwrap_or_default();
        let dt_ms = fields.number("dt_ms")?;
        let dt = TimeBin::from_millis(dt_ms)
            .map_err(|_| fields.error("dt_ms", dt_ms.to_string(), "above 0 and at most 10000"))?;
        let (bands_field, bands) = bands(&mut fields)?;
        let smoothing = fields.value("smoothing").map(serde_json::from_value::<Smoothing>);
        let smoothing = smoothing
            .transpose()
            .map_err(|source| Error::Json { path: path.clone(), source: source.into() })?;
        let neurons = neurons(&mut fields, &path)?;
        let entries = fields
            .list("stimuli")?
            .into_iter()
            .enumerate()
            .map(|(i, entry)| Fields::new(&path, format!("stimuli[{i}]"), entry));
        let entries: Vec<Fields<'_>> = entries.collect::<Result<_>>()?;
        let stored = entries.iter().any(|entry| entry.has("stimulus"));
        let input = if stored { Input::Cochleagram } else { Input::Sound };
        let bands = if stored { bands } else { Vec::new() };
        let n_bands = (!bands.is_empty()).then_some(bands.len());
        let (n_neurons, sounds) = (neurons.len(), SoundReader::new(dt));
        let n_values: u64 = entries
            .iter()
            .filter_map(|entry| entry.peek_path("responses"))
            .fold(0, |sum, file| sum.saturating_add(n_values(&folder.join(file), unit.array())));
        let on_disk = n_values.saturating_mul(BYTES_OF_A_VALUE) > most_bytes;
        let mut reader = StimulusReader { folder, input, n_bands, n_neurons, unit, on_disk, sounds };
        let stimuli = entries.into_iter().map(|entry| reader.read(entry)).collect::<Result<Vec<_>>>()?;
        let description = Description {
            name: fields.text("name")?,
            species: fields.optional_text("species")?.unwrap_or_default(),
            area: fields.optional_text("area")?.unwrap_or_default(),
            citation: fields.optional_text("citation")?,
            licence: fields.optional_text("licence")?,
            cochleagram: fields.value("cochleagram").unwrap_or_default(),
            metadata: fields.rest(),
        };
        let recording =
            Self::of_input(input, description, dt, bands, neurons, stimuli).map_err(|error| match error {
                Error::Duplicate { what, name } => Error::Field {
                    field: if what == "neuron" { "neurons" } else { "stimuli" }.to_owned(),
                    got: format!("{name} twice"),
                    expected: "unique names".to_owned(),
                    path,
                },
                Error::Setting { got, .. } => Error::Field {
                    field: bands_field.to_owned(),
                    got,
                    expected: "increasing frequencies".to_owned(),
                    path,
                },
                other => other,
            })?;
        Ok(recording.declare_smoothed(smoothing))
    }
}

/// Frequencies of bands, and the field that holds them.
fn bands(fields: &mut Fields<'_>) -> Result<(&'static str, Vec<Hertz>)> {
    const FIELD: &str = "band_centers_hz";
    /// As older files spell it.
    const OLD: &str = "band_centres_hz";
    let name = if fields.has(OLD) && !fields.has(FIELD) { OLD } else { FIELD };
    if fields.has(OLD) && name == FIELD {
        return Err(fields.error(OLD, "there as well", format!("{FIELD} alone, its present spelling")));
    }
    let list = fields.optional_list(name)?.unwrap_or_default();
    let band = |(i, value): (usize, &Value)| {
        let hertz = value.as_f64().and_then(|hz| Hertz::new(hz).ok());
        hertz.ok_or_else(|| {
            fields.error(
                &format!("{name}[{i}]"),
                shortened(value),
                "above 0: leave a row of 0 Hz out, here and in every stimulus",
            )
        })
    };
    Ok((name, list.iter().enumerate().map(band).collect::<Result<_>>()?))
}

fn neurons(fields: &mut Fields<'_>, path: &Path) -> Result<Vec<Neuron>> {
    let neuron = |(i, entry)| {
        let mut fields = Fields::new(path, format!("neurons[{i}]"), entry)?;
        Ok(Neuron::new(fields.text("id")?).with_metadata(fields.rest()))
    };
    fields.list("neurons")?.into_iter().enumerate().map(neuron).collect()
}

/// Reads stimuli one after the other; each must fit the first.
struct StimulusReader<'a> {
    folder: &'a Path,
    /// Stored cochleagrams or, where no stimulus has one, sound.
    input: Input,
    /// That of the file, or else of the first cochleagram.
    n_bands: Option<usize>,
    n_neurons: usize,
    unit: ResponseUnit,
    /// Whether responses stay on disk.
    on_disk: bool,
    sounds: SoundReader,
}

impl StimulusReader<'_> {
    fn read(&mut self, mut entry: Fields<'_>) -> Result<Stimulus> {
        let name = entry.text("name")?;
        crate::names::check("stimulus", &name)
            .map_err(|_| entry.error("name", format!("{name:?}"), "a name that can be a file name"))?;
        let stored = match self.input {
            Input::Cochleagram => Some(self.cochleagram(&mut entry)?),
            Input::Sound => {
                // Null, since none is stored: no metadata, as which it could not be written again.
                entry.value("stimulus");
                None
            }
        };
        let responses = self.responses(&mut entry, stored.as_ref().map(|stored| stored.dim().1))?;
        let kind = entry.optional_text("kind")?;
        let audio = entry.optional_path("audio")?.map(|audio| self.folder.join(audio));
        let n_bins = responses.n_bins();
        let excerpt = excerpt(&mut entry, n_bins)?;
        let cochleagram = match (stored, &audio) {
            (Some(stored), _) => stored,
            (None, Some(audio)) => self.sounds.read(audio, excerpt, n_bins)?,
            (None, None) => {
                let expected = "a cochleagram, or audio in its place, for every stimulus";
                return Err(entry.error("stimulus", "missing", expected));
            }
        };
        let mut stimulus = Stimulus::with_source(name, cochleagram, responses)?;
        if let Some(kind) = kind {
            stimulus = stimulus.with_kind(kind);
        }
        if let Some(audio) = audio {
            let found = fs::metadata(&audio).map_err(|source| Error::Io {
                path: audio.clone(),
                action: "find the sound",
                source,
            })?;
            if !found.is_file() {
                return Err(entry.error("audio", "a folder", "a file"));
            }
            stimulus = stimulus.with_audio(audio).with_excerpt(excerpt);
        }
        Ok(stimulus.with_metadata(entry.rest()))
    }

    fn cochleagram(&mut self, entry: &mut Fields<'_>) -> Result<Array2<f32>> {
        let path = self.folder.join(entry.path("stimulus")?);
        let cochleagram = read_cochleagram(&path)?;
        let (bands, bins) = cochleagram.dim();
        let n_bands = *self.n_bands.get_or_insert(bands);
        expect_shape("cochleagram", &[bands, bins], &[n_bands.into(), bins.into()])
            .map_err(|shape| Error::Shape { place: Place::File(path.clone()), shape })?;
        expect_count(entry, "bins", bins, &path)?;
        Ok(cochleagram)
    }

    /// Of as many bins as the cochleagram has; of any number if there is none.
    fn responses(&self, entry: &mut Fields<'_>, bins: Option<usize>) -> Result<Source> {
        let path = entry.path("responses")?;
        if !(path.ends_with(".npz") || path.ends_with(".npy")) {
            return Err(entry.error("responses", format!("{path:?}"), "a file .npz or .npy"));
        }
        let path = self.folder.join(path);
        let file = ResponseBytes::read(&path)?;
        let (_, values) = file.values(self.unit.array())?;
        let bins = bins.unwrap_or(values.dim().2);
        let repeats = statenet_core::Dim::Any("R");
        expect_shape(self.unit.array(), values.shape(), &[self.n_neurons.into(), repeats, bins.into()])
            .map_err(|shape| Error::Shape { place: Place::File(path.clone()), shape })?;
        expect_count(entry, "bins", bins, &path)?;
        expect_count(entry, "repeats", values.dim().1, &path)?;
        let checked = file.checked(values, &self.unit)?;
        Ok(if self.on_disk {
            Source::File(Stored::new(path, file.digest(), &checked))
        } else {
            checked.into()
        })
    }
}

/// Which part of its sound file a stimulus is, if it is not the whole.
fn excerpt(entry: &mut Fields<'_>, n_bins: usize) -> Result<Option<Excerpt>> {
    let first_bin = entry.optional_count("audio_first_bin")?;
    let file_bins = entry.optional_count("audio_bins")?;
    match (first_bin, file_bins) {
        (None, None) => Ok(None),
        (Some(first_bin), Some(file_bins)) if first_bin.saturating_add(n_bins) <= file_bins => {
            Ok(Some(Excerpt { first_bin, file_bins }))
        }
        (first_bin, file_bins) => {
            let got = |n: Option<usize>| n.map_or_else(|| "missing".to_owned(), |n| n.to_string());
            let at_least = first_bin.unwrap_or(0).saturating_add(n_bins);
            let (name, got) = match first_bin {
                None => ("audio_first_bin", "missing".to_owned()),
                Some(_) => ("audio_bins", got(file_bins)),
            };
            let expected = format!("both audio_first_bin and audio_bins, of {at_least} or more bins");
            Err(entry.error(name, got, expected))
        }
    }
}

/// Checks that a size in the JSON, if present, is the array's.
fn expect_count(entry: &mut Fields<'_>, field: &str, size: usize, array: &Path) -> Result<()> {
    match entry.optional_count(field)? {
        Some(stated) if stated != size => {
            let file = array.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            Err(entry.error(field, stated.to_string(), format!("{size} as in {file}")))
        }
        _ => Ok(()),
    }
}
