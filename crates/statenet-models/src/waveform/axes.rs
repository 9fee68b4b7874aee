//! What a recording of sounds tells a waveform model.

use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, SampleRate, TimeBin};

use crate::error::{Result, config_error};

/// Sample rate of the sound, width of a time bin and number of neurons.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveformAxes {
    /// Samples per second.
    #[serde(rename = "sample_rate_hz")]
    pub sample_rate: SampleRate,
    /// Width of a time bin, ms: a whole number of samples.
    #[serde(rename = "dt_ms")]
    pub dt: TimeBin,
    /// Neurons N of the response.
    pub n_neurons: usize,
}

impl WaveformAxes {
    /// Axes of a recording.
    #[must_use]
    pub fn new(sample_rate: SampleRate, dt: TimeBin, n_neurons: usize) -> Self {
        Self { sample_rate, dt, n_neurons }
    }

    /// Samples of a time bin.
    ///
    /// The published implementation rounds: at 48,828.125 Hz its bins of 5 ms are 244 samples, and after 5 s they lag
    /// 3 ms behind the responses. Here this is an error.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if it is no whole number of 1 or more.
    pub fn hop(&self) -> Result<usize> {
        const ROUNDING: f64 = 1e-9;
        const MOST: f64 = 1e6;
        let samples = self.sample_rate.hz() * self.dt.seconds();
        let whole = samples.round();
        if (samples - whole).abs() <= ROUNDING * samples && (1.0..=MOST).contains(&whole) {
            return Ok(whole as usize);
        }
        let (dt, rate) = (self.dt.ms(), self.sample_rate.hz());
        let expected = format!(
            "a whole number of samples, 1 to 1000000 (they are {samples} at {rate} Hz): resample the sound, or choose \
             another dt"
        );
        Err(config_error("axes.dt_ms", dt, expected))
    }

    /// The highest frequency that the sample rate holds.
    pub(crate) fn nyquist(&self) -> Result<Hertz> {
        Hertz::new(self.sample_rate.hz() / 2.0)
            .map_err(|e| config_error("axes.sample_rate_hz", self.sample_rate.hz(), e.to_string()))
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.hop()?;
        if self.n_neurons == 0 {
            return Err(config_error("axes.n_neurons", 0, "1 or more"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(rate: f64, dt: f64) -> Result<usize> {
        WaveformAxes::new(SampleRate::new(rate).unwrap(), TimeBin::from_millis(dt).unwrap(), 1).hop()
    }

    #[test]
    fn a_bin_is_a_whole_number_of_samples() {
        assert_eq!(hop(48_000.0, 5.0).unwrap(), 240);
        assert_eq!(hop(16_000.0, 0.0625).unwrap(), 1);
        let message = hop(48_828.125, 5.0).unwrap_err().to_string();
        assert!(message.contains("axes.dt_ms is 5, expected a whole number of samples"), "{message}");
        assert!(message.contains("they are 244.140625 at 48828.125 Hz"), "{message}");
        assert!(hop(100.0, 5.0).is_err());
    }
}
