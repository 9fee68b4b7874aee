//! pprox files (point processes in JSON, of the Meliza lab): one unit a file.
//!
//! ```text
//! {"$schema": "https://meliza.org/spec:2/pprox.json#", "unitname": "st11_1_2_1", "area": "CMM",
//!  "pprox": [{"stimulus": "B8", "events": [1.69, 4.57]},
//!            {"stimulus": {"name": "C8", "interval": [1.0, 4.2]}, "interval": [0, 5], "events": [..]}]}
//! ```
//! Times are in seconds by the definitions of `pprox` and `stimtrial`; files that call on another schema, or none, are refused unless their
//! unit is stated, since some are in milliseconds. Events are counted from the onset of the stimulus if the file says when that was
//! (`stimulus_on`, or the interval of the stimulus); otherwise their times are taken to be from the onset, negative ones before it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;
use statenet_core::json;

use super::{
    arrays::bytes,
    fields::{Fields, shortened},
    order::natural,
    sound_folder::{sound_files, without_ending},
    table::name_of,
};
use crate::{
    error::{Error, Result, some_of},
    names::file_names,
    raw::{RawRecording, RawResponse, RawSound, RawStimulus},
    recording::{Description, Metadata, Neuron},
};

/// A time in seconds beyond which a trial is not believed to be in seconds.
const LONGEST: f64 = 1000.0;

/// How to read pprox files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PproxOptions {
    /// The unit of times, if the file does not tell.
    pub unit: Option<TimeUnit>,
    /// A folder of sound files, called as the stimuli.
    pub audio: Option<PathBuf>,
}

/// The unit of times in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl TimeUnit {
    fn seconds(self) -> f64 {
        match self {
            Self::Seconds => 1.0,
            Self::Milliseconds => 1e-3,
        }
    }
}

/// Reads a pprox file, or all `.pprox` and `.json` files of a folder, each a unit.
///
/// Trials with the same stimulus are repeats, in the order of the file. A stimulus is used up to the end of the shortest trial, where trials
/// say how long they were recorded.
///
/// # Errors
/// [`Error::Json`]; [`Error::Field`] with the trial for what is no pprox, for a file that does not tell the unit of its times when none is
/// stated, and for times beyond 1000 in a file that should be in seconds; [`Error::NoFile`] for a folder without such files; [`Error::Io`].
pub fn read(path: impl AsRef<Path>, options: &PproxOptions) -> Result<RawRecording> {
    let path = path.as_ref();
    let files = if path.is_dir() { files(path)? } else { vec![path.to_path_buf()] };
    let units: Vec<Unit> = files.iter().map(|file| Unit::read(file, options)).collect::<Result<_>>()?;
    let mut raw = RawRecording {
        description: Description { name: name_of(path), ..Description::default() },
        neurons: units.iter().map(|unit| unit.neuron.clone()).collect(),
        ..RawRecording::default()
    };
    let area = |unit: &Unit| unit.neuron.metadata().get("area").and_then(Value::as_str).map(str::to_owned);
    if let Some(first) = units.first().and_then(area)
        && units.iter().all(|unit| area(unit).as_ref() == Some(&first))
    {
        raw.description.area = first;
    }
    let mut names: Vec<&str> = units.iter().flat_map(|unit| unit.trials.keys().map(String::as_str)).collect();
    names.sort_by(|a, b| natural(a, b));
    names.dedup();
    let sounds = match &options.audio {
        Some(folder) => sound_files(folder)?,
        None => BTreeMap::new(),
    };
    for (name, file_name) in names.iter().zip(file_names(&names)) {
        let sound = sounds.get(without_ending(name));
        let of_unit = |unit: &Unit| match unit.trials.get(*name) {
            Some(trials) => RawResponse::spikes(trials.iter().map(|trial| trial.spikes.clone())),
            None => RawResponse::Missing,
        };
        let mut stimulus = RawStimulus::new(
            file_name,
            sound.map_or(RawSound::Missing, |file| RawSound::File(file.clone())),
            units.iter().map(of_unit).collect(),
        );
        let trials = || units.iter().filter_map(|unit| unit.trials.get(*name)).flatten();
        stimulus.seconds = trials().filter_map(|trial| trial.seconds).reduce(f64::min);
        stimulus.metadata.insert("stimulus_name".to_owned(), Value::from(*name));
        raw.stimuli.push(stimulus);
    }
    let silent: Vec<String> =
        raw.stimuli.iter().filter(|s| s.sound == RawSound::Missing).map(|s| s.name.clone()).collect();
    if !silent.is_empty() {
        let whose = options.audio.as_ref().map_or_else(
            || "a pprox file has none, name a folder of them (--audio)".to_owned(),
            |folder| format!("{} has none of that name", folder.display()),
        );
        raw.missing.push(format!("no sounds for {}: {whose}", some_of(&silent)));
    }
    Ok(raw)
}

/// The files of a folder that can be units, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let found = super::sound_folder::files_with(folder, &["pprox", "json"], "list the units")?;
    if found.is_empty() {
        return Err(Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "file that ends with .pprox or .json",
        });
    }
    let mut files: Vec<(String, PathBuf)> = found.into_iter().collect();
    files.sort_by(|(a, _), (b, _)| natural(a, b));
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// One file.
struct Unit {
    neuron: Neuron,
    /// By stimulus, in the order of the file.
    trials: BTreeMap<String, Vec<Trial>>,
}

struct Trial {
    /// From the onset, in seconds.
    spikes: Vec<f64>,
    /// How long it was recorded after the onset.
    seconds: Option<f64>,
}

impl Unit {
    fn read(path: &Path, options: &PproxOptions) -> Result<Self> {
        let json =
            json::parse(&bytes(path)?).map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
        Self::parse(path, json, options)
    }

    fn parse(path: &Path, json: Value, options: &PproxOptions) -> Result<Self> {
        let mut fields = Fields::new(path, String::new(), json)?;
        let unit = unit_of_times(&mut fields, options.unit)?;
        let mut trials: BTreeMap<String, Vec<Trial>> = BTreeMap::new();
        for (i, trial) in fields.list("pprox")?.into_iter().enumerate() {
            let trial = Fields::new(path, format!("pprox[{i}]"), trial)?;
            let (stimulus, trial) = Trial::parse(trial, unit, options.unit.is_some())?;
            trials.entry(stimulus).or_default().push(trial);
        }
        let facts = fields.rest();
        let text = |name: &str| match facts.get(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let id = ["unitname", "unit_name", "unit"].into_iter().find_map(text).unwrap_or_else(stem);
        let simple = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        let metadata: Metadata = facts
            .into_iter()
            .filter(|(name, value)| simple(value) && !["id", "$schema"].contains(&name.as_str()))
            .collect();
        Ok(Self { neuron: Neuron::new(id).with_metadata(metadata), trials })
    }
}

impl Trial {
    fn parse(mut fields: Fields<'_>, unit: TimeUnit, stated: bool) -> Result<(String, Self)> {
        let (stimulus, on) = stimulus(&mut fields)?;
        let events = numbers(&mut fields, "events")?
            .ok_or_else(|| fields.error("events", "missing", "a list of times"))?;
        let interval = numbers(&mut fields, "interval")?;
        let end = match interval.as_deref() {
            None => None,
            Some([_, end]) => Some(*end),
            Some(other) => {
                return Err(fields.error(
                    "interval",
                    format!("{} numbers", other.len()),
                    "a start and an end",
                ));
            }
        };
        let latest = events.iter().chain(&end).fold(0.0_f64, |latest, time| latest.max(time.abs()));
        if unit == TimeUnit::Seconds && latest > LONGEST && !stated {
            let expected = "times of at most 1000 s, as the schema says seconds: state the unit (--time-unit) if they are milliseconds";
            return Err(fields.error("events", latest.to_string(), expected));
        }
        let scale = unit.seconds();
        let spikes = events.into_iter().map(|time| (time - on) * scale).collect();
        let seconds = end.map(|end| (end - on) * scale).filter(|&seconds| seconds > 0.0);
        Ok((stimulus, Self { spikes, seconds }))
    }
}

/// The name of a trial's stimulus, and its onset in the unit of the file.
fn stimulus(fields: &mut Fields<'_>) -> Result<(String, f64)> {
    let on = fields.optional_number("stimulus_on")?;
    match fields.value("stimulus") {
        Some(Value::String(name)) => Ok((name, on.unwrap_or(0.0))),
        Some(Value::Object(map)) => {
            let name = match map.get("name") {
                Some(Value::String(name)) => name.clone(),
                Some(Value::Number(number)) => number.to_string(),
                other => {
                    let got = other.map_or_else(|| "missing".to_owned(), shortened);
                    return Err(fields.error("stimulus.name", got, "the name of the stimulus"));
                }
            };
            let of_interval = match map.get("interval") {
                None | Some(Value::Null) => None,
                Some(value) => {
                    let first = value.get(0).and_then(Value::as_f64);
                    Some(first.ok_or_else(|| {
                        fields.error("stimulus.interval", shortened(value), "the times of its start and end")
                    })?)
                }
            };
            Ok((name, of_interval.or(on).unwrap_or(0.0)))
        }
        Some(Value::Number(number)) => Ok((number.to_string(), on.unwrap_or(0.0))),
        other => {
            let got = other.as_ref().map_or_else(|| "missing".to_owned(), shortened);
            Err(fields.error("stimulus", got, "the name of the stimulus"))
        }
    }
}

fn numbers(fields: &mut Fields<'_>, name: &str) -> Result<Option<Vec<f64>>> {
    let Some(list) = fields.optional_list(name)? else { return Ok(None) };
    let number = |(i, value): (usize, Value)| {
        value.as_f64().ok_or_else(|| fields.error(&format!("{name}[{i}]"), shortened(&value), "a number"))
    };
    list.into_iter().enumerate().map(number).collect::<Result<_>>().map(Some)
}

/// The unit: as stated, as a field says, or by the schema.
fn unit_of_times(fields: &mut Fields<'_>, stated: Option<TimeUnit>) -> Result<TimeUnit> {
    let schema = fields.optional_text("$schema")?;
    let mut said = None;
    for name in ["time_unit", "time_units"] {
        let Some(text) = fields.optional_text(name)? else { continue };
        said = match text.as_str() {
            "s" | "sec" | "second" | "seconds" => Some(TimeUnit::Seconds),
            "ms" | "msec" | "millisecond" | "milliseconds" => Some(TimeUnit::Milliseconds),
            _ => return Err(fields.error(name, text, "s or ms")),
        };
    }
    let is_in_seconds = |schema: &str| {
        let name = schema.trim_end_matches('#').trim_end_matches(".json").trim_end_matches('/');
        ["meliza.org/spec:2/pprox", "meliza.org/spec:2/stimtrial"].iter().any(|known| name.ends_with(known))
    };
    let by_schema = schema.as_deref().is_some_and(is_in_seconds).then_some(TimeUnit::Seconds);
    stated.or(said).or(by_schema).ok_or_else(|| {
        let got = schema.unwrap_or_else(|| "missing".to_owned());
        fields.error("$schema", got, "https://meliza.org/spec:2/pprox.json or stimtrial.json, whose times are in seconds, or a stated unit, s or ms (--time-unit)")
    })
}
