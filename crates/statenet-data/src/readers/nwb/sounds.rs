//! The sounds of stimuli: files of a folder, or what the NWB file presents.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use statenet_core::SampleRate;

use super::intervals::Presentation;
use crate::{
    error::Result,
    formats::{FormatError, Sound, hdf5::Hdf5},
    raw::RawSound,
    readers::sound_folder::{sound_files, without_ending},
};

/// Where time series of stimuli lie.
const PRESENTATION: &str = "stimulus/presentation";
/// A series of fewer samples a second is no sound.
const LEAST_RATE: f64 = 1000.0;

/// The sounds that there are.
pub(super) struct Sounds {
    files: BTreeMap<String, PathBuf>,
    /// Series by name, with what could not be read.
    series: BTreeMap<String, Result<Series, String>>,
}

/// A time series of sound on the clock of the file.
struct Series {
    sound: Sound,
    start: f64,
}

impl Sounds {
    /// The files of a folder, or else those series that are called as the stimuli, or the only one.
    pub(super) fn of(file: &Hdf5, path: &Path, folder: Option<&Path>, stimuli: &[&str]) -> Result<Self> {
        if let Some(folder) = folder {
            return Ok(Self { files: sound_files(folder)?, series: BTreeMap::new() });
        }
        let groups = file.members(PRESENTATION).map(|members| members.groups).unwrap_or_default();
        let wanted: BTreeSet<&str> = stimuli.iter().map(|name| without_ending(name)).collect();
        let is_only = groups.len() == 1;
        let chosen = groups.into_iter().filter(|name| is_only || wanted.contains(without_ending(name)));
        let read = |name: String| {
            let series = Series::read(file, &name);
            let reason = |error: FormatError| {
                format!("{}: {PRESENTATION}/{name} is no sound: {error}", path.display())
            };
            (without_ending(&name).to_owned(), series.map_err(reason))
        };
        Ok(Self { files: BTreeMap::new(), series: chosen.map(read).collect() })
    }

    /// The sound of a stimulus.
    pub(super) fn of_stimulus(&mut self, presentations: &[Presentation]) -> RawSound {
        let Some(first) = presentations.first() else { return RawSound::Missing };
        let name = without_ending(&first.stimulus);
        if let Some(file) = self.files.get(name) {
            return RawSound::File(file.clone());
        }
        if let Some(Ok(own)) = self.series.get(name) {
            return RawSound::Samples(own.during(first).unwrap_or_else(|| own.sound.clone()));
        }
        let mut all = self.series.values();
        match (all.next(), all.next()) {
            (Some(Ok(only)), None) => only.during(first).map_or(RawSound::Missing, RawSound::Samples),
            _ => RawSound::Missing,
        }
    }

    /// Why series are no sounds.
    pub(super) fn missing(&self) -> impl Iterator<Item = String> + '_ {
        self.series.values().filter_map(|series| series.as_ref().err().cloned())
    }
}

impl Series {
    fn read(file: &Hdf5, name: &str) -> Result<Self, FormatError> {
        let at = |part: &str| format!("{PRESENTATION}/{name}/{part}");
        let wrong =
            |part: &str, got: String, expected| FormatError::Hdf5Object { inside: at(part), got, expected };
        let data = file.numbers(&at("data"))?;
        if !matches!(data.shape(), [_] | [_, 1]) {
            let got = format!("an array of shape {:?}", data.shape());
            return Err(wrong("data", got, "one channel of samples"));
        }
        let (start, rate) = clock(file, &at("starting_time"), &at("timestamps"), data.len())?;
        if rate < LEAST_RATE {
            return Err(wrong("data", format!("{rate} samples a second"), "at least 1000, as a sound has"));
        }
        let rate = SampleRate::new(rate)
            .map_err(|_| wrong("data", format!("{rate} samples a second"), "a sample rate"))?;
        let scale =
            file.attribute_number(&at("data"), "conversion")?.filter(|&scale| scale != 0.0).unwrap_or(1.0);
        let samples: Vec<f32> = data.iter().map(|&sample| (sample * scale) as f32).collect();
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(wrong("data", "infinite or NaN samples".to_owned(), "finite numbers"));
        }
        Ok(Self { sound: Sound { samples, rate }, start })
    }

    /// The part of it that is heard during an interval; `None` if it does not last over all of it.
    fn during(&self, interval: &Presentation) -> Option<Sound> {
        let rate = self.sound.rate;
        let first = ((interval.onset - self.start) * rate.hz()).round();
        let n = (interval.seconds() * rate.hz()).round();
        // Within a millisecond.
        let slack = 1e-3 * rate.hz();
        let inside = first >= 0.0 && n >= 1.0 && first + n <= self.sound.samples.len() as f64 + slack;
        let (first, n) = inside.then_some((first as usize, n as usize))?;
        let end = first.saturating_add(n).min(self.sound.samples.len());
        Some(Sound { samples: self.sound.samples.get(first..end)?.to_vec(), rate })
    }
}

/// The time of the first sample, and how many there are a second.
fn clock(file: &Hdf5, starting: &str, stamps: &str, n: usize) -> Result<(f64, f64), FormatError> {
    if let Some(rate) = file.attribute_number(starting, "rate").ok().flatten() {
        let start = file.numbers(starting)?.first().copied().unwrap_or(0.0);
        return Ok((start, rate));
    }
    let times = file.numbers(stamps)?;
    let (first, last) = (times.first().copied().unwrap_or(0.0), times.iter().last().copied().unwrap_or(0.0));
    let step = (last - first) / (times.len().max(2) - 1) as f64;
    let even = times.iter().enumerate().all(|(i, time)| (time - first - i as f64 * step).abs() < 0.5 * step);
    if times.len() == n && even && step > 0.0 {
        return Ok((first, 1.0 / step));
    }
    Err(FormatError::Hdf5Object {
        inside: stamps.to_owned(),
        got: "times that are not evenly spaced".to_owned(),
        expected: "one time for each sample, at a constant rate",
    })
}
