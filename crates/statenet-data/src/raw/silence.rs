//! Responses without the sounds, to be looked at as those of a recording.

use ndarray::Array2;
use statenet_core::{Millis, Need, TimeBin};

use super::{Binning, RawRecording, RawResponse, RawSound, RawStimulus, binning::bin_of};
use crate::error::Result;

impl RawRecording {
    /// The same with silence in place of every sound: a cochleagram of one band of zeros, so that rasters, rates and noise can be measured
    /// where sounds are missing. Nothing about sounds can be learned from it.
    ///
    /// A stimulus lasts as long as its sound, as [`RawStimulus::seconds`] says, or as bins and samples of the source last; if nothing says it, to
    /// the end of the bin of its last spike, and one bin if it has none.
    ///
    /// # Errors
    /// [`Error::SourceBins`](crate::Error::SourceBins) for a dt that does not fit the source; [`Error::Memory`](crate::Error::Memory) for a spike
    /// that is too late; those of reading a sound.
    pub fn in_silence(&self, binning: &Binning) -> Result<Self> {
        let dt = self.time_bin(binning)?;
        let mut silent = self.clone();
        silent.bands = Vec::new();
        for stimulus in &mut silent.stimuli {
            let n_bins = match (stimulus.sound.seconds()?, stimulus.seconds) {
                (Some(lasts), used) => {
                    let seconds = used.map_or(lasts, |used| used.min(lasts));
                    stimulus.common_bins(dt.bins_in(Millis::new(1e3 * seconds)?), dt)?
                }
                (None, Some(seconds)) => stimulus.common_bins(dt.bins_in(Millis::new(1e3 * seconds)?), dt)?,
                (None, None) => match stimulus.n_bins(dt)? {
                    Some(n_bins) => n_bins,
                    None => stimulus.bins_to_last_spike(binning, dt),
                },
            };
            let what = format!("{}: {n_bins} bins of {} ms", stimulus.name, dt.ms());
            Need::of_values(&[n_bins], 4)
                .ensure(what, "check the times of its spikes, or choose wider bins (--dt)")?;
            stimulus.seconds = None;
            stimulus.sound = RawSound::Cochleagram { values: Array2::zeros((1, n_bins.max(1))), dt };
        }
        Ok(silent)
    }
}

impl RawStimulus {
    /// The bins from the onset to the last spike, that of the spike included.
    fn bins_to_last_spike(&self, binning: &Binning, dt: TimeBin) -> usize {
        let of_response = |response: &RawResponse| match response {
            RawResponse::Spikes(repeats) => {
                repeats.iter().flatten().flatten().copied().fold(0.0_f64, f64::max)
            }
            RawResponse::Missing | RawResponse::Binned { .. } | RawResponse::Trace { .. } => 0.0,
        };
        let last = self.responses.iter().map(of_response).fold(0.0_f64, f64::max);
        (bin_of(1e3 * last + binning.shift_ms, dt.ms()) as usize).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::recording::Neuron;

    fn raw(stimuli: Vec<RawStimulus>) -> RawRecording {
        RawRecording { neurons: vec![Neuron::new("u")], stimuli, ..RawRecording::default() }
    }

    fn silent(name: &str, response: RawResponse) -> RawStimulus {
        RawStimulus::new(name, RawSound::Missing, vec![response])
    }

    #[test]
    fn a_stimulus_lasts_to_its_last_spike_if_nothing_else_is_said() {
        let spikes = || RawResponse::spikes([vec![0.0061, -0.2], vec![0.0121]]);
        let mut said = silent("said", spikes());
        said.seconds = Some(0.02);
        let raw = raw(vec![silent("a", spikes()), silent("none", RawResponse::spikes([vec![]])), said]);
        let recording = raw.in_silence(&Binning::default()).unwrap().bin(&Binning::default()).unwrap();
        let values = |s: usize| recording.stimuli()[s].responses().unwrap().values().to_owned();
        assert_eq!(values(0), array![[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]);
        assert_eq!(values(1), array![[[0.0]]]);
        assert_eq!(values(2), array![[[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]]);
        assert!(recording.stimuli().iter().all(|s| s.cochleagram().iter().all(|&x| x == 0.0)));
    }

    #[test]
    fn a_spike_at_the_end_of_time_is_an_error() {
        let raw = raw(vec![silent("a", RawResponse::spikes([vec![1e300]]))]);
        assert!(raw.in_silence(&Binning::default()).unwrap_err().to_string().starts_with("a: "));
    }

    #[test]
    fn responses_in_bins_keep_them() {
        let dt = TimeBin::whole_millis::<10>();
        let binned = RawResponse::Binned { values: array![[1.0, 2.0, 3.0]], dt };
        let raw = raw(vec![silent("a", binned)]);
        let recording = raw.in_silence(&Binning::default()).unwrap().bin(&Binning::default()).unwrap();
        assert_eq!(recording.dt(), dt);
        assert_eq!(recording.stimuli()[0].responses().unwrap().values(), array![[[1.0, 2.0, 3.0]]]);
    }
}
