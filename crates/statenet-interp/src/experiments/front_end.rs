//! From the sounds of an experiment to cochleagrams: through the recording's own front end, or, where that is unknown,
//! through a simple model of frequency bands.

use ndarray::Array2;
use statenet_core::{Hertz, Millis, SampleRate, Standardization, TimeBin};

use super::{
    sound::{Carrier, Part, Sound},
    waveform,
};
use crate::error::{Error, Result, out_of_range};

/// Turns the sounds of an experiment into the input of a model.
pub trait FrontEnd {
    /// The cochleagram `(F, T)` of a sound, as it would have been recorded.
    ///
    /// # Errors
    /// [`Error::FrontEnd`] if it cannot be computed.
    fn cochleagram(&self, sound: &Sound) -> Result<Array2<f32>>;
}

/// The recording's own front end, which computes the cochleagram from a waveform.
///
/// `cochlea` takes samples (0 dB is a root mean square of 1) and their rate, and returns `(F, T)`. T must be the number of whole bins in the sound's duration.
#[derive(Clone, Copy, Debug)]
pub struct WaveformFrontEnd<F> {
    /// Samples per second.
    pub rate: SampleRate,
    /// Computes a cochleagram from samples.
    pub cochlea: F,
}

/// The error of a user's front end.
pub type FrontEndError = Box<dyn std::error::Error + Send + Sync>;

impl<F: Fn(&[f32], SampleRate) -> Result<Array2<f32>, FrontEndError>> FrontEnd for WaveformFrontEnd<F> {
    fn cochleagram(&self, sound: &Sound) -> Result<Array2<f32>> {
        (self.cochlea)(&waveform::samples(sound, self.rate), self.rate)
            .map_err(|source| Error::FrontEnd { source })
    }
}

/// A simple front end for recordings whose own is unknown: each band responds to the power near its centre frequency.
///
/// ```text
/// x[f,t] = reference + per_decibel 10 log10(p[f,t] + p0)          x = silence where p = 0
/// ```
/// p is the power in a band: 10^(level / 10) of the sound, times exp(-(distance in octaves / width)^2) for a tone off the
/// band's centre, times the fraction of the bin during which it sounds. There is no smearing in time.
///
/// For cochleagrams that are logarithmic in power. Set `silence` and `reference` to the level of a recording's quietest and
/// loudest bins, for example its lowest and highest percentile.
#[derive(Clone, Debug, PartialEq)]
pub struct BandFrontEnd {
    /// Centre frequencies, lowest first.
    pub centers: Vec<Hertz>,
    /// Width of a bin.
    pub dt: TimeBin,
    /// Value of the cochleagram in silence.
    pub silence: f64,
    /// Value of the cochleagram at 0 dB.
    pub reference: f64,
    /// Units of the cochleagram per decibel, above 0.
    pub per_decibel: f64,
    /// Width of the response to a tone, octaves; with 0 only the nearest band responds.
    pub width_octaves: f64,
    /// Where `silence`, `reference` and `per_decibel` are in standard deviations of a band: the means and deviations by which they
    /// become cochleagrams as recorded.
    pub scaling: Option<Standardization>,
}

impl FrontEnd for BandFrontEnd {
    fn cochleagram(&self, sound: &Sound) -> Result<Array2<f32>> {
        if !(self.per_decibel > 0.0 && self.per_decibel.is_finite()) {
            return Err(out_of_range("per_decibel", self.per_decibel, "a finite number above 0"));
        }
        let octaves: Vec<f64> = self.centers.iter().map(|center| center.hz().log2()).collect();
        let n_bins = self.dt.bins_in(sound.duration);
        let mut power = Array2::<f64>::zeros((octaves.len(), n_bins));
        for part in &sound.parts {
            self.add(part, &octaves, &mut power);
        }
        let floor = from_decibels((self.silence - self.reference) / self.per_decibel);
        let cochleagram =
            power.mapv(|p| (self.reference + self.per_decibel * 10.0 * (p + floor).log10()) as f32);
        match &self.scaling {
            Some(scaling) => Ok(scaling.undo(&cochleagram.view())?),
            None => Ok(cochleagram),
        }
    }
}

impl BandFrontEnd {
    /// Adds the power of one part of a sound.
    fn add(&self, part: &Part, octaves: &[f64], power: &mut Array2<f64>) {
        let level = from_decibels(part.level_db);
        let spread = match part.carrier {
            Carrier::Tone(frequency) => self.spread(frequency, octaves),
            _ => vec![1.0; octaves.len()],
        };
        let dt = self.dt.ms();
        let stop = if part.carrier == Carrier::Click { part.start.ms() + dt } else { part.stop.ms() };
        for (t, mut column) in power.columns_mut().into_iter().enumerate() {
            let (from, to) = (t as f64 * dt, (t + 1) as f64 * dt);
            let share = match part.carrier {
                // A click falls into a single bin.
                Carrier::Click => f64::from((from..to).contains(&part.start.ms())),
                _ => ((stop.min(to) - part.start.ms().max(from)) / dt).max(0.0),
            };
            if share <= 0.0 {
                continue;
            }
            let gains: Vec<f64> = match part.carrier {
                Carrier::Tone(_) | Carrier::Click => vec![1.0; octaves.len()],
                Carrier::Noise(seed) => {
                    let mut stream = seed.stream(&format!("noise/{t}"));
                    // The power of noise in a band and bin: a mean of a few exponential variables.
                    (0..octaves.len())
                        .map(|_| (0..4).map(|_| stream.exponential()).sum::<f64>() / 4.0)
                        .collect()
                }
                Carrier::Ripple(ripple) => {
                    let seconds = (from + 0.5 * dt - part.start.ms()) / 1000.0;
                    let above =
                        |octave: &f64| from_decibels(ripple.gain_db(seconds, octave - 1000f64.log2()));
                    octaves.iter().map(above).collect()
                }
                Carrier::Chords(chords) => {
                    let since = Millis::new((from - part.start.ms()).max(0.0)).unwrap_or(part.start);
                    chords.gains_db(chords.at(since), octaves.len()).into_iter().map(from_decibels).collect()
                }
            };
            for ((cell, gain), spread) in column.iter_mut().zip(gains).zip(&spread) {
                *cell += level * share * gain * spread;
            }
        }
    }

    /// The share of a tone's power that reaches each band.
    fn spread(&self, frequency: Hertz, octaves: &[f64]) -> Vec<f64> {
        let octave = frequency.hz().log2();
        if self.width_octaves > 0.0 {
            let bell = |center: &f64| (-((center - octave) / self.width_octaves).powi(2)).exp();
            return octaves.iter().map(bell).collect();
        }
        let nearest = octaves
            .iter()
            .map(|center| (center - octave).abs())
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let nearest = nearest.map(|(band, _)| band);
        (0..octaves.len()).map(|band| f64::from(Some(band) == nearest)).collect()
    }
}

fn from_decibels(db: f64) -> f64 {
    10f64.powf(db / 10.0)
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    fn bands() -> BandFrontEnd {
        BandFrontEnd {
            centers: [500, 1000, 2000].map(|hz| Hertz::new(f64::from(hz)).unwrap()).to_vec(),
            dt: TimeBin::whole_millis::<5>(),
            silence: -6.0,
            reference: 0.0,
            per_decibel: 0.1,
            width_octaves: 0.0,
            scaling: None,
        }
    }

    fn sound(carrier: Carrier, level_db: f64) -> Sound {
        let at = |ms| Millis::new(ms).unwrap();
        Sound { duration: at(25.0), parts: vec![Part { carrier, level_db, start: at(5.0), stop: at(17.5) }] }
    }

    #[test]
    fn a_tone_fills_its_band_at_its_level_while_it_sounds() {
        let x = bands().cochleagram(&sound(Carrier::Tone(Hertz::whole::<1000>()), 20.0)).unwrap();
        let close = |a: f32, b: f32| (a - b).abs() < 1e-4;
        assert_eq!(x.dim(), (3, 5));
        assert!(x.row(0).iter().chain(x.row(2)).all(|&v| close(v, -6.0)));
        // Half of bin 3: 3 dB less.
        let expected = [-6.0, 2.0, 2.0, 1.69897, -6.0];
        assert!(x.row(1).iter().zip(expected).all(|(&a, b)| close(a, b)), "{x}");
    }

    #[test]
    fn a_click_fills_one_bin_and_noise_has_its_level_on_average() {
        let x = bands().cochleagram(&sound(Carrier::Click, 0.0)).unwrap();
        assert!((0..5).all(|t| (x[(2, t)] > -0.1) == (t == 1)), "{x}");
        let at = |ms| Millis::new(ms).unwrap();
        let part =
            Part { carrier: Carrier::Noise(Seed::new(1)), level_db: 0.0, start: at(0.0), stop: at(5000.0) };
        let x = bands().cochleagram(&Sound { duration: at(5000.0), parts: vec![part] }).unwrap();
        let power = x.mapv(|v| 10f64.powf(f64::from(v))).mean().unwrap();
        assert!((power - 1.0).abs() < 0.05, "{power}");
    }

    #[test]
    fn a_ripple_drifts_and_a_chord_lasts() {
        use super::super::sound::{Chords, Ripple};
        let ripple = Ripple { cycles_per_octave: 0.0, velocity_hz: 50.0, depth_db: 20.0 };
        let x = bands().cochleagram(&sound(Carrier::Ripple(ripple), 0.0)).unwrap();
        // A quarter cycle a bin, read in its middle: sin(pi / 4) of 10 dB up, then the same, then down.
        let up = 0.5f32.sqrt();
        assert!((x[(0, 1)] - up).abs() < 1e-3 && (x[(2, 2)] - up).abs() < 1e-3, "{x}");
        let chords = Chords { seed: Seed::new(3), step: Millis::new(10.0).unwrap(), spread_db: 10.0 };
        let x = bands().cochleagram(&sound(Carrier::Chords(chords), 0.0)).unwrap();
        assert!(x[(0, 1)] == x[(0, 2)] && x[(0, 1)] != x[(1, 1)] && x.iter().all(|v| *v <= 1.0));
    }

    #[test]
    fn a_slope_of_zero_is_refused() {
        let bands = BandFrontEnd { per_decibel: 0.0, ..bands() };
        let message = bands.cochleagram(&sound(Carrier::Click, 0.0)).unwrap_err().to_string();
        assert_eq!(message, "per_decibel is 0, expected a finite number above 0");
    }
}
