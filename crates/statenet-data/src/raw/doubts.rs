//! What is doubtful about spike times.

use statenet_core::Warning;

use super::binning::Placed;

/// Fewer spikes are no ground for the doubt that all of them come early.
const FEW: u64 = 100;

impl Placed {
    /// Doubts about the times of spikes that lie so; `place` is what they are about.
    pub(super) fn doubts(&self, place: &str) -> Vec<Warning> {
        let n = self.inside + self.outside;
        let doubt = |code: &str, message: String| Warning::new(code, message, place);
        if 2 * self.outside > n {
            let message = format!(
                "{} of {n} spikes lie outside of the sounds: are the times in seconds from the onset of the sound?",
                self.outside
            );
            vec![doubt("spikes_outside", message)]
        } else if n > FEW && self.early == n {
            let message = format!(
                "all {n} spikes lie in the first hundredth of the sounds: are the times in seconds, or in another unit?"
            );
            vec![doubt("spikes_early", message)]
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::SampleRate;

    use super::super::{Binning, RawRecording, RawResponse, RawSound, RawStimulus};
    use crate::{formats::Sound, recording::Neuron};

    /// Codes of the doubts about 200 spikes in a sound of 1 s whose times are in this unit, in seconds.
    fn doubts(unit: f64) -> Vec<String> {
        let sound = Sound { samples: vec![0.0; 1000], rate: SampleRate::new(1000.0).unwrap() };
        let spikes = RawResponse::spikes([(0..200).map(|i| f64::from(i) / 200.0 * unit).collect::<Vec<_>>()]);
        let stimulus = RawStimulus::new("a", RawSound::Samples(sound), vec![spikes]);
        let raw = RawRecording {
            neurons: vec![Neuron::new("u")],
            stimuli: vec![stimulus],
            ..RawRecording::default()
        };
        let (_, doubts) = raw.bin_with_doubts(&Binning::default()).unwrap();
        doubts.into_iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn times_in_another_unit_are_noticed() {
        assert_eq!(doubts(1.0), Vec::<String>::new());
        assert_eq!(doubts(1000.0), ["spikes_outside"]);
        assert_eq!(doubts(0.001), ["spikes_early"]);
    }
}
