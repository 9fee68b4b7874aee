//! Responses in time bins without the sounds.

use statenet_core::Millis;

use super::{Binning, RawRecording, binning::Placed};
use crate::{
    error::{Error, Result},
    recording::Responses,
};

impl RawRecording {
    /// The responses of all neurons to each stimulus in time bins, `(N, R, T)`, also of stimuli without a sound, such as for a raster. They
    /// last as long as [`bin`](Self::bin) makes them; without a sound, as long as [`RawStimulus::seconds`](super::RawStimulus) says or counts
    /// of the source last.
    ///
    /// # Errors
    /// [`Error::NoSound`] for a stimulus whose duration nothing says; otherwise as [`bin`](Self::bin).
    pub fn binned_responses(&self, binning: &Binning) -> Result<Vec<Responses>> {
        let dt = self.time_bin(binning)?;
        let of_stimuli = self.stimuli.iter().map(|raw| {
            let lasts = match (raw.sound.seconds()?, raw.seconds) {
                (Some(lasts), Some(used)) => Some(lasts.min(used)),
                (lasts, used) => lasts.or(used),
            };
            let n_bins = match lasts {
                Some(seconds) => raw.common_bins(dt.bins_in(Millis::new(1e3 * seconds)?), dt)?,
                None => raw.n_bins(dt)?.ok_or_else(|| Error::NoSound { stimuli: vec![raw.name.clone()] })?,
            };
            self.responses(raw, binning, dt, n_bins, &mut Placed::default())
        });
        of_stimuli.collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::super::{RawResponse, RawSound, RawStimulus};
    use super::*;
    use crate::recording::Neuron;

    #[test]
    fn spikes_are_counted_without_a_sound() {
        let spikes = RawResponse::spikes([vec![0.001, 0.012], vec![]]);
        let mut raw = RawRecording {
            neurons: vec![Neuron::new("u")],
            stimuli: vec![RawStimulus::new("a", RawSound::Missing, vec![spikes])],
            ..RawRecording::default()
        };
        assert!(matches!(raw.binned_responses(&Binning::default()), Err(Error::NoSound { .. })));
        raw.stimuli[0].seconds = Some(0.016);
        let responses = raw.binned_responses(&Binning::default()).unwrap();
        assert_eq!(responses[0].values(), array![[[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]);
    }
}
