//! Doubts about a recording's units: what is allowed, but usually a mistake.

use statenet_core::{Input, Warning};

use super::Recording;
use crate::error::Result;

/// Bins are usually from 1 to 20 ms; outside of this range, ms, a unit was probably mistaken.
const USUAL_DT_MS: std::ops::RangeInclusive<f64> = 0.1..=100.0;
/// No cochleagram ends below this, Hz: highest centres below it are probably in kHz.
const LOWEST_TOP_HZ: f64 = 200.0;

impl Recording {
    /// What is allowed, but probably not meant: a time bin below .1 or above 100 ms, bands whose frequencies look like kHz, no
    /// frequencies of bands at all, counts in the unit of continuous responses.
    ///
    /// ```
    /// use statenet_data::SimulationConfig;
    /// assert!(SimulationConfig::small().simulate()?.recording.doubts()?.is_empty());
    /// # Ok::<(), statenet_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Stimulus::responses`](super::Stimulus::responses), of continuous responses.
    pub fn doubts(&self) -> Result<Vec<Warning>> {
        let mut doubts = Vec::new();
        let dt = self.dt().ms();
        if !USUAL_DT_MS.contains(&dt) {
            let guess = if dt < 0.1 { "seconds" } else { "samples, or Hz" };
            let message =
                format!("dt is {dt} ms, where bins usually last from 1 to 20 ms: is it in {guess}?");
            doubts.push(Warning::new("dt", message, self.place("dt_ms")));
        }
        match self.bands().last() {
            Some(top) if top.hz() < LOWEST_TOP_HZ => {
                let message =
                    format!("the highest band is centred at {} Hz: are the frequencies in kHz?", top.hz());
                doubts.push(Warning::new("band_frequencies", message, self.place("band_centers_hz")));
            }
            None if self.input() == Input::Cochleagram => {
                let message = "the frequencies of the bands are missing: figures show numbers of bands, and tuning has no Hz";
                doubts.push(Warning::new("no_band_frequencies", message, self.place("band_centers_hz")));
            }
            _ => {}
        }
        if !self.response_unit().is_spikes() && self.is_of_counts()? {
            let message = format!(
                "all responses are whole numbers of 0 or more, and their unit is {}: are they spike counts, of spikes/bin?",
                self.response_unit()
            );
            doubts.push(Warning::new("response_unit", message, self.place("response_unit")));
        }
        Ok(doubts)
    }

    /// Whether all responses are whole numbers of 0 or more.
    fn is_of_counts(&self) -> Result<bool> {
        let is_count = |value: &f32| *value >= 0.0 && value.fract() == 0.0;
        for stimulus in self.stimuli() {
            if !stimulus.responses()?.values().iter().all(is_count) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn place(&self, field: &str) -> String {
        format!("recording {}, {field}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{Hertz, TimeBin};

    use crate::recording::{Description, Neuron, Recording, Responses, Stimulus};

    fn codes(dt_ms: f64, bands: &[f64]) -> Vec<String> {
        codes_of(Responses::from_nan(Array3::zeros((1, 1, 2))).unwrap(), dt_ms, bands)
    }

    fn codes_of(responses: Responses, dt_ms: f64, bands: &[f64]) -> Vec<String> {
        let stimulus = Stimulus::new("s", Array2::zeros((2, 2)), responses).unwrap();
        let bands = bands.iter().map(|&hz| Hertz::new(hz).unwrap()).collect();
        let dt = TimeBin::from_millis(dt_ms).unwrap();
        let recording =
            Recording::new(Description::default(), dt, bands, vec![Neuron::new("u")], vec![stimulus])
                .unwrap();
        recording.doubts().unwrap().into_iter().map(|doubt| doubt.code).collect()
    }

    #[test]
    fn counts_in_another_unit_are_doubted() {
        let in_mv =
            |value| Responses::from_nan_in(Array3::from_elem((1, 1, 2), value), "mV".parse().unwrap());
        assert_eq!(codes_of(in_mv(3.0).unwrap(), 5.0, &[500.0, 20_000.0]), ["response_unit"]);
        assert!(codes_of(in_mv(-3.0).unwrap(), 5.0, &[500.0, 20_000.0]).is_empty());
    }

    #[test]
    fn units_that_look_mistaken_are_doubted() {
        assert!(codes(5.0, &[500.0, 20_000.0]).is_empty());
        assert_eq!(codes(0.005, &[0.5, 20.0]), ["dt", "band_frequencies"]);
        assert_eq!(codes(200.0, &[]), ["dt", "no_band_frequencies"]);
        assert!(codes(0.1, &[100.0, 200.0]).is_empty() && codes(100.0, &[1.0, 200.0]).is_empty());
    }
}
