//! What is doubtful about spike times.

use statenet_core::Warning;

use super::{Binning, RawRecording, RawResponse};
use crate::error::Result;

impl RawRecording {
    /// Doubts about spike times: most of them outside of the sounds, as where milliseconds are taken for seconds, or all of them at the very
    /// start of long sounds, as where seconds are taken for milliseconds. Reads sound files.
    ///
    /// # Errors
    /// If a sound cannot be read.
    pub fn doubts(&self, binning: &Binning) -> Result<Vec<Warning>> {
        const EARLY: f64 = 0.01;
        let (mut n, mut outside, mut early) = (0_u64, 0_u64, 0_u64);
        for stimulus in &self.stimuli {
            let lasts = match (stimulus.seconds, stimulus.sound.seconds()?) {
                (Some(used), Some(lasts)) => used.min(lasts),
                (Some(lasts), None) | (None, Some(lasts)) => lasts,
                (None, None) => continue,
            };
            for response in &stimulus.responses {
                let RawResponse::Spikes(repeats) = response else { continue };
                for t in repeats.iter().flatten().flatten() {
                    let t = t + binning.shift_ms / 1e3;
                    n += 1;
                    outside += u64::from(!(0.0..lasts).contains(&t));
                    early += u64::from((0.0..EARLY * lasts).contains(&t));
                }
            }
        }
        let doubt = |code: &str, message: String| Warning::new(code, message, &self.description.name);
        Ok(if n > 0 && 2 * outside > n {
            let message = format!(
                "{outside} of {n} spikes lie outside of the sounds: are the times in seconds from the onset of the sound?"
            );
            vec![doubt("spikes_outside", message)]
        } else if n > 100 && early == n {
            let message = format!(
                "all {n} spikes lie in the first hundredth of the sounds: are the times in seconds, or in another unit?"
            );
            vec![doubt("spikes_early", message)]
        } else {
            Vec::new()
        })
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::SampleRate;

    use super::super::{RawSound, RawStimulus};
    use super::*;
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
        raw.doubts(&Binning::default()).unwrap().into_iter().map(|warning| warning.code).collect()
    }

    #[test]
    fn times_in_another_unit_are_noticed() {
        assert_eq!(doubts(1.0), Vec::<String>::new());
        assert_eq!(doubts(1000.0), ["spikes_outside"]);
        assert_eq!(doubts(0.001), ["spikes_early"]);
    }
}
