//! A recording's sounds in place of its cochleagrams, for models that hear.

use std::path::{Path, PathBuf};

use ndarray::{Array2, s};
use statenet_core::{Hertz, Input, Sampling, TimeBin};

use super::{Excerpt, Recording};
use crate::{
    error::{Error, Result},
    formats::{FormatError, Sound, sound},
    preprocess::{Resampling, resample_by},
};

impl Recording {
    /// What the stimuli hold: cochleagrams, or bins of sound.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// How the sound is sampled; `None` for a recording of cochleagrams.
    #[must_use]
    pub fn sampling(&self) -> Option<Sampling> {
        match self.input {
            Input::Sound => Sampling::of(&self.axes()).ok(),
            Input::Cochleagram => None,
        }
    }

    /// The recording as a model that hears takes it: in place of each cochleagram `(F, T)` the samples of its sound file, in
    /// bins `(hop, T)`. A recording of sound is returned as it is.
    ///
    /// Sounds are resampled to the rate that [`Sampling::nearest`] gives for the first one: a bin is a whole number of samples.
    /// A sound may differ from its responses by two bins or a hundredth of its length, whichever is more; what is missing is
    /// silence, what is too much is left out.
    ///
    /// # Errors
    /// [`Error::NoAudio`] for a stimulus without sound file; [`Error::Io`], [`Error::SoundFile`], [`Error::SoundLength`],
    /// [`Error::Resample`] for one that cannot be taken.
    pub fn heard(&self) -> Result<Self> {
        if self.input == Input::Sound {
            return Ok(self.clone());
        }
        let mut reader = SoundReader::new(self.dt());
        let mut sounds = Vec::with_capacity(self.n_stimuli());
        for stimulus in self.stimuli() {
            sounds.push(match (stimulus.audio(), stimulus.sound()) {
                (Some(path), _) => reader.read(path, stimulus.excerpt(), stimulus.n_bins())?,
                (None, Some(sound)) => reader.bins_of(sound, stimulus.excerpt(), stimulus.n_bins())?,
                (None, None) => {
                    let (recording, stimulus) = (self.name().to_owned(), stimulus.name().to_owned());
                    return Err(Error::NoAudio { recording, stimulus });
                }
            });
        }
        self.with_input(Input::Sound, Vec::new(), sounds)
    }

    /// The same stimuli with other inputs `(F, T)`, one for each, in order: cochleagrams of a front end, whose bands have these
    /// centre frequencies, or bins of sound, which have none.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is not one array per stimulus; [`Error::Shape`] for other numbers of bins; [`Error::Value`]
    /// for values that are not finite.
    pub fn with_input(&self, input: Input, bands: Vec<Hertz>, arrays: Vec<Array2<f32>>) -> Result<Self> {
        if arrays.len() != self.n_stimuli() {
            return Err(Error::Setting {
                setting: "number of inputs",
                got: arrays.len().to_string(),
                expected: "one per stimulus",
            });
        }
        let replaced = self.stimuli().iter().zip(arrays).map(|(stimulus, array)| stimulus.with_input(array));
        let stimuli = replaced.collect::<Result<_>>()?;
        let about = self.description().clone();
        let replaced = Self::of_input(input, about, self.dt(), bands, self.neurons().to_vec(), stimuli)?;
        Ok(Self { smoothing: self.smoothing, ..replaced })
    }

    /// Sets a field of the description's metadata, which is kept in `recording.json`.
    #[must_use]
    pub fn with_metadata(mut self, field: &str, value: serde_json::Value) -> Self {
        self.description.metadata.insert(field.to_owned(), value);
        self
    }

    /// Sets what the description says of the front end that made the cochleagrams.
    #[must_use]
    pub fn with_front_end(mut self, cochleagram: serde_json::Value) -> Self {
        self.description.cochleagram = cochleagram;
        self
    }
}

/// Reads sounds one after the other, at the sampling of the first. Pieces of one file that follow each other read it once.
pub(crate) struct SoundReader {
    dt: TimeBin,
    sampling: Option<Sampling>,
    last: Option<(PathBuf, Array2<f32>)>,
}

impl SoundReader {
    /// A reader of sounds in bins of this width.
    pub(crate) fn new(dt: TimeBin) -> Self {
        Self { dt, sampling: None, last: None }
    }

    /// The samples of a sound file, or of a part of it, in `n_bins` bins `(hop, T)`.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        excerpt: Option<Excerpt>,
        n_bins: usize,
    ) -> Result<Array2<f32>> {
        let Some(Excerpt { first_bin, file_bins }) = excerpt else {
            return read_sound(path, self.dt, n_bins, &mut self.sampling);
        };
        let known = self.last.take().filter(|(file, bins)| file == path && bins.ncols() == file_bins);
        let (file, bins) = match known {
            Some(known) => known,
            None => (path.to_path_buf(), read_sound(path, self.dt, file_bins, &mut self.sampling)?),
        };
        let part = part(&bins, first_bin, n_bins);
        self.last = Some((file, bins));
        Ok(part)
    }

    /// The samples of a sound in memory, or of a part of it, in `n_bins` bins `(hop, T)`.
    fn bins_of(&mut self, sound: &Sound, excerpt: Option<Excerpt>, n_bins: usize) -> Result<Array2<f32>> {
        let Excerpt { first_bin, file_bins } = excerpt.unwrap_or(Excerpt { first_bin: 0, file_bins: n_bins });
        Ok(part(
            &in_bins(sound, self.dt, file_bins, &mut self.sampling, Resampling::default())?,
            first_bin,
            n_bins,
        ))
    }
}

/// So many of the bins `(hop, T)`, or as many as there are.
fn part(bins: &Array2<f32>, first_bin: usize, n_bins: usize) -> Array2<f32> {
    let end = first_bin.saturating_add(n_bins).min(bins.ncols());
    bins.slice(s![.., first_bin.min(end)..end]).to_owned()
}

/// The samples of a sound file in `n_bins` bins `(hop, T)`, at the sampling of the first file.
fn read_sound(
    path: &Path,
    dt: TimeBin,
    n_bins: usize,
    sampling: &mut Option<Sampling>,
) -> Result<Array2<f32>> {
    const BINS: f64 = 2.0;
    const SHARE: f64 = 0.01;
    let sound = read_sound_file(path)?;
    let (got, expected) = (sound.seconds(), dt.seconds() * n_bins as f64);
    if (got - expected).abs() > f64::max(BINS * dt.seconds(), SHARE * expected) {
        let (got_ms, expected_ms) = (1e3 * got, 1e3 * expected);
        return Err(Error::SoundLength { path: path.to_path_buf(), got_ms, expected_ms });
    }
    in_bins(&sound, dt, n_bins, sampling, Resampling::default())
}

/// The samples of a sound in `n_bins` bins `(hop, T)`, at the sampling of the first sound; silence where it is shorter.
pub(crate) fn in_bins(
    sound: &Sound,
    dt: TimeBin,
    n_bins: usize,
    sampling: &mut Option<Sampling>,
    resampling: Resampling,
) -> Result<Array2<f32>> {
    let sampling = match *sampling {
        Some(sampling) => sampling,
        None => *sampling.insert(Sampling::nearest(sound.rate, dt)?),
    };
    let samples = resample_by(resampling, &sound.samples, sound.rate, sampling.rate())?;
    let hop = sampling.hop();
    Ok(Array2::from_shape_fn((hop, n_bins), |(k, t)| samples.get(t * hop + k).copied().unwrap_or(0.0)))
}

/// Reads a wav or FLAC file, recognised by its content.
///
/// # Errors
/// [`Error::Io`]; [`Error::SoundFile`] for one that is damaged, has several channels, or another encoding.
pub(crate) fn read_sound_file(path: &Path) -> Result<Sound> {
    of_sound_file(path, sound::decode)
}

/// How long the sound of a file lasts, in seconds; its samples are not decoded where the header says it.
pub(crate) fn sound_file_seconds(path: &Path) -> Result<f64> {
    of_sound_file(path, sound::seconds)
}

fn of_sound_file<T>(path: &Path, of_bytes: fn(&[u8]) -> Result<T, FormatError>) -> Result<T> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io {
        path: path.to_path_buf(),
        action: "read the sound",
        source,
    })?;
    of_bytes(&bytes).map_err(|source| Error::SoundFile { path: path.to_path_buf(), source })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::{
        recording::{Description, Neuron, Responses, Stimulus},
        writers::write_wav,
    };

    /// A recording of one stimulus of 8 bins of 5 ms, with a sound of these samples.
    fn recording(folder: &Path, samples: &[f32], rate_hz: f64) -> Recording {
        let path = folder.join("a.wav");
        write_wav(&path, samples, statenet_core::SampleRate::new(rate_hz).unwrap()).unwrap();
        let responses = Responses::from_nan(Array3::zeros((1, 1, 8))).unwrap();
        let stimulus = Stimulus::new("a", Array2::zeros((3, 8)), responses).unwrap().with_audio(path);
        let about = Description { name: "mine".to_owned(), ..Description::default() };
        Recording::new(about, TimeBin::whole_millis::<5>(), vec![], vec![Neuron::new("u")], vec![stimulus])
            .unwrap()
    }

    #[test]
    fn bins_hold_the_samples_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let samples: Vec<f32> = (0..325).map(|i| (i as f32 - 160.0) / 200.0).collect();
        let heard = recording(folder.path(), &samples, 8000.0).heard().unwrap();
        assert_eq!((heard.input(), heard.n_bands(), heard.n_stimuli()), (Input::Sound, 40, 1));
        assert_eq!(heard.sampling().unwrap().rate().hz(), 8000.0);
        let bins = heard.stimuli()[0].cochleagram();
        assert_eq!(bins.dim(), (40, 8));
        for (i, sample) in samples.iter().take(320).enumerate() {
            assert!((bins[[i % 40, i / 40]] - sample).abs() < 1e-4);
        }
        assert_eq!(heard.heard().unwrap(), heard);
    }

    #[test]
    fn a_missing_end_is_silence_and_a_wrong_length_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let heard = recording(folder.path(), &[0.5; 300], 8000.0).heard().unwrap();
        let last: Vec<f32> = heard.stimuli()[0].cochleagram().column(7).iter().copied().skip(20).collect();
        assert!(last.iter().all(|x| *x == 0.0));
        let message = recording(folder.path(), &[0.5; 500], 8000.0).heard().unwrap_err().to_string();
        assert!(
            message.ends_with(
                "a.wav: the sound lasts 62.5 ms, expected 40.0 ms as the responses, within two bins or a hundredth"
            ),
            "{message}"
        );
    }

    #[test]
    fn without_a_file_the_stimulus_is_named() {
        let responses = Responses::from_nan(Array3::zeros((1, 1, 8))).unwrap();
        let stimulus = Stimulus::new("quiet", Array2::zeros((3, 8)), responses).unwrap();
        let about = Description { name: "mine".to_owned(), ..Description::default() };
        let dt = TimeBin::whole_millis::<5>();
        let recording = Recording::new(about, dt, vec![], vec![Neuron::new("u")], vec![stimulus]).unwrap();
        assert_eq!(
            recording.heard().unwrap_err().to_string(),
            "recording mine: stimulus quiet has no audio, expected a sound file for every stimulus, which a model that hears \
             takes"
        );
    }
}
