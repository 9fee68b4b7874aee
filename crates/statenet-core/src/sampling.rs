//! How sound is cut into time bins.

use crate::{
    axes::Axes,
    error::{Error, Result},
    units::{Hertz, SampleRate, TimeBin},
};

/// Samples per second and the width of a time bin, which is a whole number of samples, the hop.
///
/// A model that hears sees a bin of sound as one frame of `hop` numbers: its [`Axes`] have `n_bands` equal to the hop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    rate: SampleRate,
    dt: TimeBin,
    hop: usize,
}

/// Most samples in a bin.
const MOST: usize = 1_000_000;

impl Sampling {
    /// Sound of a rate in bins of a width.
    ///
    /// The published implementation rounds: at 48,828.125 Hz its bins of 5 ms are 244 samples, and after 5 s they lag
    /// 3 ms behind the responses. Here this is an error.
    ///
    /// # Errors
    /// [`Error::Sampling`] if a bin is no whole number of samples, 1 to 1,000,000.
    pub fn new(rate: SampleRate, dt: TimeBin) -> Result<Self> {
        const ROUNDING: f64 = 1e-9;
        let samples = rate.hz() * dt.seconds();
        let whole = samples.round();
        if (samples - whole).abs() <= ROUNDING * samples && (1.0..=MOST as f64).contains(&whole) {
            return Ok(Self { rate, dt, hop: whole as usize });
        }
        Err(not_whole(rate, dt, samples))
    }

    /// The sampling of which a bin of `axes.n_bands` samples and its width tell.
    ///
    /// # Errors
    /// [`Error::NotSound`] for axes with the frequencies of bands, which are those of a cochleagram; [`Error::Sampling`] for
    /// more samples than a bin can have.
    pub fn of(axes: &Axes) -> Result<Self> {
        if !axes.band_centers.is_empty() {
            return Err(Error::NotSound { n_bands: axes.band_centers.len() });
        }
        let (hop, dt) = (axes.n_bands, axes.dt);
        let rate = SampleRate::new(hop as f64 * 1e3 / dt.ms())?;
        if hop > MOST {
            return Err(not_whole(rate, dt, hop as f64));
        }
        Ok(Self { rate, dt, hop })
    }

    /// The sampling to which sound of a rate is to be resampled: its own where a bin is a whole number of samples; 48 kHz (or
    /// its half, quarter or double) for the rates of Tucker-Davis hardware, which 3072 / 3125 turns into these exactly; else the
    /// nearest rate at which a bin is a whole number of samples, 44.2 kHz for 44.1 kHz in bins of 5 ms.
    ///
    /// # Errors
    /// [`Error::Sampling`] if a bin has more than 1,000,000 samples.
    pub fn nearest(rate: SampleRate, dt: TimeBin) -> Result<Self> {
        if let Ok(sampling) = Self::new(rate, dt) {
            return Ok(sampling);
        }
        if is_of_tucker_davis(rate)
            && let Ok(sampling) =
                SampleRate::new(rate.hz() * 3072.0 / 3125.0).and_then(|rate| Self::new(rate, dt))
        {
            return Ok(sampling);
        }
        let hop = (rate.hz() * dt.seconds()).round().max(1.0);
        if hop > MOST as f64 {
            return Err(not_whole(rate, dt, hop));
        }
        Self::of(&Axes::new(hop as usize, 1, dt))
    }

    /// Samples per second.
    #[must_use]
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Width of a bin.
    #[must_use]
    pub fn dt(&self) -> TimeBin {
        self.dt
    }

    /// Samples of a bin.
    #[must_use]
    pub fn hop(&self) -> usize {
        self.hop
    }

    /// The axes of a model of N neurons that hears sound so sampled.
    #[must_use]
    pub fn axes(&self, n_neurons: usize) -> Axes {
        Axes::new(self.hop, n_neurons, self.dt)
    }

    /// The highest frequency that the sample rate holds.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if it is 0.
    pub fn nyquist(&self) -> Result<Hertz> {
        Hertz::new(self.rate.hz() / 2.0)
    }
}

fn not_whole(rate: SampleRate, dt: TimeBin, samples: f64) -> Error {
    Error::Sampling { rate_hz: rate.hz(), dt_ms: dt.ms(), samples }
}

/// Whether a rate is 25 MHz divided by a power of two, as Tucker-Davis hardware records.
fn is_of_tucker_davis(rate: SampleRate) -> bool {
    let halvings = (25e6 / rate.hz()).log2();
    (halvings - halvings.round()).abs() < 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(rate: f64, dt: f64) -> Result<Sampling> {
        Sampling::new(SampleRate::new(rate).unwrap(), TimeBin::from_millis(dt).unwrap())
    }

    #[test]
    fn a_bin_is_a_whole_number_of_samples() {
        assert_eq!(sampling(48_000.0, 5.0).unwrap().hop(), 240);
        assert_eq!(sampling(16_000.0, 0.0625).unwrap().hop(), 1);
        assert_eq!(
            sampling(48_828.125, 5.0).unwrap_err().to_string(),
            "a bin of 5 ms at 48828.125 Hz has 244.140625 samples, expected a whole number from 1 to 1000000: resample the \
             sound, or choose another dt"
        );
        assert!(sampling(100.0, 5.0).is_err());
    }

    #[test]
    fn axes_and_sampling_tell_the_same() {
        for (rate, dt) in [(48_000.0, 5.0), (44_200.0, 5.0), (16_000.0, 0.0625), (97_656.25, 6.4)] {
            let sampling = sampling(rate, dt).unwrap();
            assert_eq!(Sampling::of(&sampling.axes(3)).unwrap(), sampling);
        }
        let mut cochleagram = Axes::new(2, 3, TimeBin::from_millis(5.0).unwrap());
        cochleagram.band_centers = vec![Hertz::whole::<500>(), Hertz::whole::<1000>()];
        let message = Sampling::of(&cochleagram).unwrap_err().to_string();
        assert!(message.starts_with("the axes have 2 frequencies of bands, expected none"), "{message}");
    }

    #[test]
    fn the_nearest_rate_has_whole_bins() {
        let nearest = |rate: f64| {
            let dt = TimeBin::from_millis(5.0).unwrap();
            Sampling::nearest(SampleRate::new(rate).unwrap(), dt).unwrap().rate().hz()
        };
        let rates = [44_100.0, 48_000.0, 48_828.125, 24_414.062_5, 97_656.25, 10.0];
        assert_eq!(rates.map(nearest), [44_200.0, 48_000.0, 48_000.0, 24_000.0, 96_000.0, 200.0]);
    }
}
