//! A raw recording in time bins.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use statenet_core::{Hertz, Input, Millis, Need, ResponseMask, Sampling, TimeBin, Warning};

use super::{Binning, RawRecording, RawResponse, RawSound, RawStimulus, binning::Placed, shift::shifted};
use crate::{
    error::{Error, Place, Result},
    recording::{Recording, Responses, Stimulus, in_bins, read_sound_file},
};

impl RawRecording {
    /// The recording in time bins: counts of spikes or means of continuous responses, and cochleagrams if the source has them, else bins of sound, of which a front end makes
    /// cochleagrams.
    ///
    /// A stimulus has the whole bins of its sound; what lies beyond the last one is left out. Responses in bins of the source that are longer or shorter
    /// by up to two bins or a hundredth end with the shorter; so do samples of continuous responses, of which the longest repeat counts.
    /// A bin that the samples of a repeat do not cover as a whole is missing there.
    ///
    /// # Errors
    /// [`Error::NoSound`] if stimuli have no sound; [`Error::Setting`] for a dt that is not that of the source's bins or a multiple, for a
    /// shift that is not finite, or if some stimuli have cochleagrams and others sounds; [`Error::ResponseLength`] for counts or samples that
    /// are longer or shorter than the sound; [`Error::ResponseKind`] for spikes in a recording of continuous responses, or the reverse;
    /// [`Error::SlowResponse`] for bins shorter than the time between two samples; those of [`Recording::new`], and of reading a sound.
    pub fn bin(&self, binning: &Binning) -> Result<Recording> {
        Ok(self.bin_with_doubts(binning)?.0)
    }

    /// The same, and what is doubtful about the times of the spikes: most of them outside of the sounds, as where milliseconds are taken for
    /// seconds, or all of them at the very start of long sounds, as where seconds are taken for milliseconds.
    ///
    /// # Errors
    /// As [`bin`](Self::bin).
    pub fn bin_with_doubts(&self, binning: &Binning) -> Result<(Recording, Vec<Warning>)> {
        let dt = self.time_bin(binning)?;
        if !binning.shift_ms.is_finite() {
            return Err(Error::Setting {
                setting: "shift in ms",
                got: binning.shift_ms.to_string(),
                expected: "a finite number",
            });
        }
        self.expect_sounds()?;
        self.need(dt)?;
        let (mut sampling, mut placed) = (None, Placed::default());
        let stimuli: Vec<Stimulus> = self
            .stimuli
            .iter()
            .map(|raw| self.stimulus(raw, binning, dt, &mut sampling, &mut placed))
            .collect::<Result<_>>()?;
        let is_cochleagram = |raw: &RawStimulus| matches!(raw.sound, RawSound::Cochleagram { .. });
        let (input, bands): (Input, Vec<Hertz>) = match self.stimuli.first() {
            Some(first) if !is_cochleagram(first) => (Input::Sound, Vec::new()),
            _ => (Input::Cochleagram, self.bands.clone()),
        };
        let recording =
            Recording::of_input(input, self.description.clone(), dt, bands, self.neurons.clone(), stimuli)?;
        Ok((recording, placed.doubts(&self.description.name)))
    }

    /// Refuses more responses than fit into memory.
    fn need(&self, dt: TimeBin) -> Result<()> {
        // Values and mask, and the values once more when they are smoothed.
        const BYTES: usize = 4 + 1 + 4;
        let mut need = Need::default();
        for stimulus in &self.stimuli {
            let seconds = match (stimulus.seconds, &stimulus.sound) {
                (Some(seconds), _) => seconds,
                // Of a file nothing is known before it is read, which is bounded by its size.
                (None, RawSound::File(_)) => continue,
                (None, sound) => sound.seconds()?.unwrap_or(0.0),
            };
            let n_bins = (seconds / dt.seconds()) as usize;
            let n_repeats = stimulus.responses.iter().map(RawResponse::n_repeats).max().unwrap_or(0);
            need = need.and(Need::of_values(&[self.neurons.len(), n_repeats, n_bins], BYTES));
        }
        let what = format!(
            "{}: {} neurons and {} stimuli",
            self.description.name,
            self.neurons.len(),
            self.stimuli.len()
        );
        Ok(need.ensure(what, "read fewer neurons or stimuli, or choose wider bins (--dt)")?)
    }

    /// The width of a bin: as asked for, or that of the source.
    pub(super) fn time_bin(&self, binning: &Binning) -> Result<TimeBin> {
        let mut of_source = self.stimuli.iter().filter_map(RawStimulus::dt);
        let Some(source) = of_source.next() else {
            return Ok(binning.dt.unwrap_or(Binning::DEFAULT_DT));
        };
        let dt = binning.dt.unwrap_or(source);
        match of_source.chain([source]).find(|source| bins_a_bin(*source, dt).is_none()) {
            None => Ok(dt),
            Some(source) => Err(Error::SourceBins { got: dt, source_dt: source }),
        }
    }

    /// Checks that every stimulus has a sound, or every one a cochleagram.
    fn expect_sounds(&self) -> Result<()> {
        let names = |which: fn(&RawSound) -> bool| -> Vec<String> {
            self.stimuli.iter().filter(|raw| which(&raw.sound)).map(|raw| raw.name.clone()).collect()
        };
        let stimuli = names(|sound| matches!(sound, RawSound::Missing));
        if !stimuli.is_empty() {
            return Err(Error::NoSound { stimuli });
        }
        let with_bands = names(|sound| matches!(sound, RawSound::Cochleagram { .. }));
        if with_bands.is_empty() || with_bands.len() == self.stimuli.len() {
            return Ok(());
        }
        Err(Error::Setting {
            setting: "kind of the stimuli",
            got: format!("cochleagrams for {} of {}", with_bands.len(), self.stimuli.len()),
            expected: "cochleagrams for all of them, or sounds",
        })
    }

    fn stimulus(
        &self,
        raw: &RawStimulus,
        binning: &Binning,
        dt: TimeBin,
        sampling: &mut Option<Sampling>,
        placed: &mut Placed,
    ) -> Result<Stimulus> {
        let used = |seconds: f64| -> Result<usize> {
            let seconds = raw.seconds.map_or(seconds, |most| most.min(seconds));
            raw.common_bins(dt.bins_in(Millis::new(1e3 * seconds)?), dt)
        };
        let input = match &raw.sound {
            RawSound::Missing => return Err(Error::NoSound { stimuli: vec![raw.name.clone()] }),
            RawSound::File(path) => {
                let sound = read_sound_file(path)?;
                in_bins(&sound, dt, used(sound.seconds())?, sampling, binning.resampling)?
            }
            RawSound::Samples(sound) => {
                in_bins(sound, dt, used(sound.seconds())?, sampling, binning.resampling)?
            }
            RawSound::Cochleagram { values, dt: source } => {
                let means = rebinned(values.view(), *source, dt, |sum, n| sum / n);
                let n_bins = used(means.ncols() as f64 * dt.seconds())?;
                means.slice(s![.., ..n_bins]).to_owned()
            }
        };
        let responses = self.responses(raw, binning, dt, input.ncols(), placed)?;
        let mut stimulus = Stimulus::new(&raw.name, input, responses)?.with_metadata(raw.metadata.clone());
        if let Some(kind) = &raw.kind {
            stimulus = stimulus.with_kind(kind);
        }
        Ok(match &raw.sound {
            RawSound::File(path) => stimulus.with_audio(path),
            RawSound::Samples(sound) => stimulus.with_sound(sound.clone()),
            RawSound::Missing | RawSound::Cochleagram { .. } => stimulus,
        })
    }

    /// The responses of all neurons `(N, R, T)`; those of neurons with fewer repeats, or none, are missing. Adds to `placed` where spikes lie.
    pub(super) fn responses(
        &self,
        raw: &RawStimulus,
        binning: &Binning,
        dt: TimeBin,
        n_bins: usize,
        placed: &mut Placed,
    ) -> Result<Responses> {
        let place = || Place::Stimulus(raw.name.clone());
        let n_repeats = raw.responses.iter().map(RawResponse::n_repeats).max().unwrap_or(0);
        let mut values = Array3::zeros((self.neurons.len(), n_repeats, n_bins));
        let mut mask = Array3::from_elem(values.dim(), false);
        if raw.responses.len() != self.neurons.len() {
            return Err(Error::Setting {
                setting: "number of responses to a stimulus",
                got: raw.responses.len().to_string(),
                expected: "one per neuron",
            });
        }
        let stranger = raw.responses.iter().find_map(|response| response.stranger_to(&self.response_unit));
        if let Some(got) = stranger {
            let (stimulus, unit) = (raw.name.clone(), self.response_unit.clone());
            return Err(Error::ResponseKind { stimulus, got, unit });
        }
        let is_there = |value: f32| !value.is_nan();
        // Counts of joined bins are added, continuous responses averaged.
        let adds = self.response_unit.is_spikes();
        let join = |sum: f32, n: f32| if adds { sum } else { sum / n };
        let of_neurons = values.outer_iter_mut().zip(mask.outer_iter_mut());
        for ((mut values, mut mask), response) in of_neurons.zip(&raw.responses) {
            match response {
                RawResponse::Missing => {}
                RawResponse::Spikes(repeats) => {
                    for (repeat, spikes) in repeats.iter().enumerate() {
                        let Some(spikes) = spikes else { continue };
                        *placed += binning.count(spikes, dt, values.index_axis_mut(Axis(0), repeat));
                        mask.index_axis_mut(Axis(0), repeat).fill(true);
                    }
                }
                RawResponse::Binned { values: binned, dt: source } => {
                    let binned = shifted(binned.view(), binning.shift_ms, *source);
                    let binned = rebinned(binned.view(), *source, dt, join);
                    let n = n_bins.min(binned.ncols());
                    values.slice_mut(s![..binned.nrows(), ..n]).assign(&binned.slice(s![.., ..n]));
                    mask.slice_mut(s![..binned.nrows(), ..n])
                        .assign(&binned.slice(s![.., ..n]).mapv(is_there));
                }
                RawResponse::Trace { .. } => {
                    for (repeat, trace) in response.traces() {
                        let mut means = values.index_axis_mut(Axis(0), repeat);
                        trace.means(binning.shift_ms, dt, means.view_mut());
                        mask.index_axis_mut(Axis(0), repeat).assign(&means.mapv(is_there));
                    }
                }
            }
        }
        Responses::checked(values, &ResponseMask::new(mask), self.response_unit.clone(), &place())
    }
}

impl RawStimulus {
    /// The width of the source's own bins, if it has them.
    fn dt(&self) -> Option<TimeBin> {
        let of_counts = self.responses.iter().find_map(|response| match response {
            RawResponse::Binned { dt, .. } => Some(*dt),
            RawResponse::Missing | RawResponse::Spikes(_) | RawResponse::Trace { .. } => None,
        });
        match &self.sound {
            RawSound::Cochleagram { dt, .. } => Some(*dt),
            _ => of_counts,
        }
    }

    /// The bins of width `dt` that responses in bins or samples have; `None` if there are none.
    pub(super) fn n_bins(&self, dt: TimeBin) -> Result<Option<usize>> {
        let bins = self.responses.iter().map(|response| self.bins_of(response, dt));
        Ok(bins.collect::<Result<Vec<_>>>()?.into_iter().flatten().min())
    }

    /// The whole bins of width `dt` in a response that has bins or samples of its own.
    fn bins_of(&self, response: &RawResponse, dt: TimeBin) -> Result<Option<usize>> {
        Ok(match response {
            RawResponse::Binned { values, dt: source } => {
                Some(values.ncols() / bins_a_bin(*source, dt).unwrap_or(1))
            }
            RawResponse::Trace { rate, .. } => {
                if dt.seconds() * rate.hz() < 1.0 - 1e-9 {
                    return Err(Error::SlowResponse { stimulus: self.name.clone(), rate: *rate, dt });
                }
                response.traces().map(|(_, trace)| trace.whole_bins(dt)).max()
            }
            RawResponse::Missing | RawResponse::Spikes(_) => None,
        })
    }

    /// The bins that sound and responses have in common.
    pub(super) fn common_bins(&self, of_sound: usize, dt: TimeBin) -> Result<usize> {
        let mut common = of_sound;
        for response in &self.responses {
            let Some(bins) = self.bins_of(response, dt)? else { continue };
            if bins.abs_diff(of_sound) > (of_sound / 100).max(2) {
                let stimulus = self.name.clone();
                return Err(Error::ResponseLength { stimulus, got: bins, expected: of_sound });
            }
            common = common.min(bins);
        }
        Ok(common)
    }
}

/// How many bins of a source make one of width `dt`; `None` if that is not a whole number.
fn bins_a_bin(source: TimeBin, dt: TimeBin) -> Option<usize> {
    let n = dt.ms() / source.ms();
    let whole = n.round();
    (whole >= 1.0 && (n - whole).abs() <= 1e-6 * n).then_some(whole as usize)
}

/// Rows in wider bins, each by its sum and the number of bins in it.
fn rebinned(
    rows: ArrayView2<'_, f32>,
    source: TimeBin,
    dt: TimeBin,
    join: impl Fn(f32, f32) -> f32,
) -> Array2<f32> {
    let n = bins_a_bin(source, dt).unwrap_or(1);
    if n == 1 {
        return rows.to_owned();
    }
    let n_bins = rows.ncols() / n;
    Array2::from_shape_fn((rows.nrows(), n_bins), |(row, bin)| {
        join(rows.slice(s![row, bin * n..(bin + 1) * n]).sum(), n as f32)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use statenet_core::SampleRate;

    use super::*;
    use crate::{formats::Sound, recording::Neuron};

    fn sound(seconds: f64) -> RawSound {
        let samples = vec![0.1; (8000.0 * seconds) as usize];
        RawSound::Samples(Sound { samples, rate: SampleRate::new(8000.0).unwrap() })
    }

    fn raw(sound: RawSound, responses: Vec<RawResponse>) -> RawRecording {
        let neurons = (0..responses.len()).map(|n| Neuron::new(n.to_string())).collect();
        RawRecording {
            neurons,
            stimuli: vec![RawStimulus::new("a", sound, responses)],
            ..RawRecording::default()
        }
    }

    fn dt(ms: f64) -> Option<TimeBin> {
        Some(TimeBin::from_millis(ms).unwrap())
    }

    #[test]
    fn neurons_with_fewer_repeats_or_none_are_missing_there() {
        let two = RawResponse::spikes([vec![0.001], vec![]]);
        let one = RawResponse::Spikes(vec![None, Some(vec![0.012])]);
        let recording =
            raw(sound(0.017), vec![two, one, RawResponse::Missing]).bin(&Binning::default()).unwrap();
        let responses = recording.stimuli()[0].responses().unwrap();
        // 17 ms are three whole bins.
        assert_eq!(responses.values().dim(), (3, 2, 3));
        let n = f32::NAN;
        let expected =
            array![[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[n, n, n], [0.0, 0.0, 1.0]], [[n, n, n], [n, n, n]],];
        assert_eq!(*responses, Responses::from_nan(expected).unwrap());
    }

    #[test]
    fn bins_of_the_source_are_kept_or_joined() {
        let counts = || RawResponse::Binned { values: array![[1.0, 0.0, 2.0, 1.0]], dt: dt(10.0).unwrap() };
        let bands = || RawSound::Cochleagram { values: array![[1.0, 3.0, 5.0, 5.0]], dt: dt(10.0).unwrap() };
        let kept = raw(bands(), vec![counts()]).bin(&Binning::default()).unwrap();
        assert_eq!((kept.dt().ms(), kept.input()), (10.0, Input::Cochleagram));
        let wide = raw(bands(), vec![counts()]).bin(&Binning { dt: dt(20.0), ..Binning::default() }).unwrap();
        assert_eq!(wide.stimuli()[0].cochleagram(), array![[2.0, 5.0]]);
        assert_eq!(wide.stimuli()[0].responses().unwrap().values(), array![[[1.0, 3.0]]]);
        let error = raw(bands(), vec![counts()]).bin(&Binning { dt: dt(5.0), ..Binning::default() });
        assert_eq!(
            error.unwrap_err().to_string(),
            "dt is 5 ms, expected 10 ms, the bins of the source, or a multiple"
        );
    }

    #[test]
    fn a_shift_of_counts_leaves_what_was_not_recorded_missing() {
        let counts = RawResponse::Binned { values: array![[1.0, 0.0, 2.0, 1.0]], dt: dt(5.0).unwrap() };
        let shift = Binning { shift_ms: 9.0, ..Binning::default() };
        let recording = raw(sound(0.02), vec![counts]).bin(&shift).unwrap();
        let expected = Responses::from_nan(array![[[f32::NAN, f32::NAN, 1.0, 0.0]]]).unwrap();
        assert_eq!(*recording.stimuli()[0].responses().unwrap(), expected);
    }

    fn trace(repeats: Vec<Option<Vec<f32>>>) -> RawResponse {
        RawResponse::Trace { repeats, rate: SampleRate::new(400.0).unwrap() }
    }

    fn potentials(responses: Vec<RawResponse>) -> RawRecording {
        RawRecording { response_unit: "mV".parse().unwrap(), ..raw(sound(0.017), responses) }
    }

    #[test]
    fn continuous_responses_are_means_of_bins_in_their_unit() {
        let n = f32::NAN;
        // At 400 Hz a bin of 5 ms has two samples; 17 ms of sound are three bins, and seven samples as well.
        let full = vec![-60.0, -62.0, -50.0, n, n, n, -1.0];
        let short = vec![-64.0, -65.0, -66.0];
        let recording = potentials(vec![trace(vec![Some(full), None, Some(short)]), RawResponse::Missing]);
        let recording = recording.bin(&Binning::default()).unwrap();
        let expected =
            array![[[-61.0, -50.0, n], [n, n, n], [-64.5, n, n]], [[n, n, n], [n, n, n], [n, n, n]],];
        let expected = Responses::from_nan_in(expected, "mV".parse().unwrap()).unwrap();
        assert_eq!(*recording.stimuli()[0].responses().unwrap(), expected);
        assert_eq!(recording.axes().response_unit.to_string(), "mV");
    }

    #[test]
    fn continuous_responses_in_bins_of_the_source_are_averaged() {
        let values = || array![[-60.0, -62.0, 4.0, 8.0], [-50.0, f32::NAN, 0.0, -1.0]];
        let binned = || vec![RawResponse::Binned { values: values(), dt: dt(2.5).unwrap() }];
        let raw = RawRecording { response_unit: "mV".parse().unwrap(), ..raw(sound(0.01), binned()) };
        let wide = raw.bin(&Binning { dt: dt(5.0), ..Binning::default() }).unwrap();
        let expected = array![[[-61.0, 6.0], [f32::NAN, -0.5]]];
        let expected = Responses::from_nan_in(expected, "mV".parse().unwrap()).unwrap();
        assert_eq!(*wide.stimuli()[0].responses().unwrap(), expected);
        let kept = raw.bin(&Binning::default()).unwrap();
        assert_eq!(
            (kept.dt().ms(), kept.stimuli()[0].responses().unwrap().values()[[0, 0, 1]]),
            (2.5, -62.0)
        );
        // As counts they are refused, since some are negative.
        let counts = RawRecording { response_unit: statenet_core::ResponseUnit::default(), ..raw };
        let error = counts.bin(&Binning::default()).unwrap_err().to_string();
        assert_eq!(error, "stimulus a: counts[0, 0, 0] is -60, expected 0 or more spikes");
    }

    #[test]
    fn responses_that_do_not_fit_the_unit_are_named() {
        let error = |raw: RawRecording, binning: Binning| raw.bin(&binning).unwrap_err().to_string();
        let spikes = || vec![RawResponse::spikes([vec![0.001]])];
        assert_eq!(
            error(potentials(spikes()), Binning::default()),
            "stimulus a: a response is spike times, expected one in mV, the unit of the recording"
        );
        assert_eq!(
            error(raw(sound(0.017), vec![trace(vec![Some(vec![0.0; 7])])]), Binning::default()),
            "stimulus a: a response is samples of a continuous response, expected one in spikes/bin, the unit of the recording"
        );
        let narrow = Binning { dt: dt(2.0), ..Binning::default() };
        assert_eq!(
            error(potentials(vec![trace(vec![Some(vec![0.0; 7])])]), narrow),
            "stimulus a: dt is 2 ms, expected 2.5 ms or more, the time between two samples of the responses at 400 Hz"
        );
        assert_eq!(
            error(potentials(vec![trace(vec![Some(vec![0.0; 20])])]), Binning::default()),
            "stimulus a: the responses have 10 bins, expected 3 as the sound, within two bins or a hundredth"
        );
    }

    #[test]
    fn stimuli_without_sound_are_named() {
        let error = raw(RawSound::Missing, vec![RawResponse::Missing]).bin(&Binning::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no sound and no cochleagram for a, expected one for every stimulus"
        );
    }

    #[test]
    fn counts_of_another_length_than_the_sound_are_an_error() {
        let counts = RawResponse::Binned { values: Array2::zeros((1, 10)), dt: dt(5.0).unwrap() };
        let error = raw(sound(0.02), vec![counts]).bin(&Binning::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stimulus a: the responses have 10 bins, expected 4 as the sound, within two bins or a hundredth"
        );
    }
}
