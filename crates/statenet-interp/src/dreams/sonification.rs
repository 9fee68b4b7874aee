//! Sonification of a cochleagram: a tone or narrow-band noise at the centre frequency of each band, modulated by its level.
//!
//! ```text
//! y(s) = sum_f a_f(s) c_f(s)        a_f: levels as amplitudes, interpolated linearly between the middles of the bins
//! tone   c_f(s) = sqrt(2) sin(2 pi f s / rate + phase)
//! noise  c_f(s) = normal noise through two resonators at f, as wide as the spacing of bands, scaled to power 1
//! ```
//! A cochleagram does not hold phases: the result has about the same levels, but it is not the original sound.

use ndarray::ArrayView2;
use statenet_core::{Dim, Hertz, Seed, TimeBin, expect_shape};

use crate::error::{Error, Result};

/// How a cochleagram is turned into sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Sonification {
    /// Samples per second.
    pub sample_rate: Hertz,
    /// The width of a bin.
    pub dt: TimeBin,
    /// The centre of each band (F), lowest first, below half the sample rate.
    pub band_centers: Vec<Hertz>,
    /// What the values of the cochleagram mean.
    pub level: Level,
    /// The sound that is modulated in each band.
    pub carrier: BandCarrier,
    /// Seed of phases and noise.
    pub seed: Seed,
}

/// What the values of a cochleagram mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Amplitudes; values below 0 count as 0.
    Amplitude,
    /// Decibels: 20 dB more is ten times the amplitude.
    Decibels,
    /// Natural logarithms of amplitudes.
    Log,
}

/// The sound that is modulated in each band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BandCarrier {
    /// A tone at the centre of each band.
    Tones,
    /// Noise of the width of each band.
    Noise,
}

impl Sonification {
    /// Sound for a cochleagram `(F, T)`: T bins of samples, scaled such that the largest magnitude is 1; zeros for silence.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one centre per band, [`Error::BandCenter`] for a centre at or above half the sample
    /// rate.
    pub fn samples(&self, cochleagram: ArrayView2<'_, f32>) -> Result<Vec<f32>> {
        let n_bands = self.band_centers.len();
        expect_shape("cochleagram", cochleagram.shape(), &[Dim::Is(n_bands), Dim::Any("T")])?;
        let rate = self.sample_rate.hz();
        if let Some(&center) = self.band_centers.iter().find(|f| f.hz() >= rate / 2.0) {
            return Err(Error::BandCenter { hz: center.hz(), below: rate / 2.0 });
        }
        let per_bin = rate * self.dt.seconds();
        let n_samples = (per_bin * cochleagram.ncols() as f64).round() as usize;
        let mut sound = vec![0f64; n_samples];
        for (f, levels) in cochleagram.outer_iter().enumerate() {
            let amplitudes: Vec<f64> = levels.iter().map(|&x| self.level.amplitude(f64::from(x))).collect();
            let carrier = self.carrier(f, n_samples);
            for (s, (there, carried)) in sound.iter_mut().zip(carrier).enumerate() {
                *there += carried * between(&amplitudes, (s as f64 + 0.5) / per_bin - 0.5);
            }
        }
        let largest = sound.iter().fold(0f64, |m, y| m.max(y.abs()));
        let gain = if largest > 0.0 { 1.0 / largest } else { 0.0 };
        Ok(sound.into_iter().map(|y| (gain * y) as f32).collect())
    }

    /// The carrier of a band, with mean power 1.
    fn carrier(&self, band: usize, n_samples: usize) -> Vec<f64> {
        let rate = self.sample_rate.hz();
        let turn = std::f64::consts::TAU * self.band_centers[band].hz() / rate;
        let mut stream = self.seed.stream(&format!("band {band}"));
        match self.carrier {
            BandCarrier::Tones => {
                let phase = stream.uniform(0.0, std::f64::consts::TAU);
                (0..n_samples)
                    .map(|s| std::f64::consts::SQRT_2 * libm::sin(turn * s as f64 + phase))
                    .collect()
            }
            BandCarrier::Noise => {
                let radius = libm::exp(-std::f64::consts::PI * self.width(band) / rate);
                let (a, b) = (2.0 * radius * libm::cos(turn), -radius * radius);
                let mut noise: Vec<f64> = (0..n_samples).map(|_| stream.normal()).collect();
                for _ in 0..2 {
                    let (mut last, mut before) = (0.0, 0.0);
                    for y in &mut noise {
                        *y += a * last + b * before;
                        (before, last) = (last, *y);
                    }
                }
                let power = noise.iter().map(|y| y * y).sum::<f64>() / n_samples.max(1) as f64;
                noise.into_iter().map(|y| if power > 0.0 { y / power.sqrt() } else { 0.0 }).collect()
            }
        }
    }

    /// Mean distance to the neighbouring bands, Hz; a third of the centre frequency if there is only one band.
    fn width(&self, band: usize) -> f64 {
        const THIRD: f64 = 1.0 / 3.0;
        let hz = |i: usize| self.band_centers.get(i).map(|f| f.hz());
        let center = self.band_centers[band].hz();
        let below = band.checked_sub(1).and_then(hz).map(|below| center - below);
        let above = hz(band + 1).map(|above| above - center);
        let distances: Vec<f64> = below.into_iter().chain(above).map(f64::abs).collect();
        if distances.is_empty() {
            center * THIRD
        } else {
            distances.iter().sum::<f64>() / distances.len() as f64
        }
    }
}

impl Level {
    fn amplitude(self, x: f64) -> f64 {
        match self {
            Self::Amplitude => x.max(0.0),
            Self::Decibels => libm::pow(10.0, x / 20.0),
            Self::Log => libm::exp(x),
        }
    }
}

/// Linear interpolation at a position between samples; constant beyond either end.
fn between(values: &[f64], place: f64) -> f64 {
    let last = values.len().saturating_sub(1);
    let place = place.clamp(0.0, last as f64);
    let below = (place.floor() as usize).min(last);
    let (a, b) = (values[below], values[(below + 1).min(last)]);
    a + (b - a) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn sonification(carrier: BandCarrier) -> Sonification {
        Sonification {
            sample_rate: Hertz::new(16_000.0).unwrap(),
            dt: TimeBin::whole_millis::<5>(),
            band_centers: [500.0, 1000.0, 2000.0].map(|hz| Hertz::new(hz).unwrap()).to_vec(),
            level: Level::Amplitude,
            carrier,
            seed: Seed::new(1),
        }
    }

    /// Power at a frequency.
    fn power(sound: &[f32], hz: f64) -> f64 {
        let turn = std::f64::consts::TAU * hz / 16_000.0;
        let part = |of: fn(f64) -> f64| -> f64 {
            sound.iter().enumerate().map(|(s, &y)| f64::from(y) * of(turn * s as f64)).sum()
        };
        (part(libm::sin).powi(2) + part(libm::cos).powi(2)) / (sound.len() as f64).powi(2)
    }

    #[test]
    fn a_band_sounds_at_its_centre_while_it_is_on() {
        // The middle band alone, in the second half.
        let on = Array2::from_shape_fn((3, 40), |(f, t)| if f == 1 && t >= 20 { 1.0 } else { 0.0 });
        let sound = sonification(BandCarrier::Tones).samples(on.view()).unwrap();
        assert_eq!(sound.len(), 3200);
        let (before, during) = (&sound[..1500], &sound[1700..]);
        assert!(before.iter().all(|&y| y == 0.0));
        assert!(power(during, 1000.0) > 100.0 * (power(during, 500.0) + power(during, 2000.0)));
        assert!((sound.iter().fold(0f32, |m, y| m.max(y.abs())) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn noise_lies_around_its_band() {
        let on = Array2::from_shape_fn((3, 400), |(f, _)| if f == 2 { 1.0 } else { 0.0 });
        let sound = sonification(BandCarrier::Noise).samples(on.view()).unwrap();
        let around = |hz: f64| (-20..20).map(|i| power(&sound, hz + 10.0 * f64::from(i))).sum::<f64>();
        assert!(around(2000.0) > 10.0 * around(500.0), "{} {}", around(2000.0), around(500.0));
    }

    #[test]
    fn levels_are_amplitudes_in_their_scale() {
        assert!((Level::Decibels.amplitude(20.0) - 10.0).abs() < 1e-12);
        assert!((Level::Log.amplitude(0.0) - 1.0).abs() < 1e-12);
        assert_eq!(Level::Amplitude.amplitude(-3.0), 0.0);
        assert_eq!(between(&[1.0, 3.0], 0.25), 1.5);
        assert_eq!((between(&[1.0, 3.0], -2.0), between(&[1.0, 3.0], 9.0)), (1.0, 3.0));
    }

    #[test]
    fn silence_stays_silent_and_bands_above_half_the_sample_rate_are_refused() {
        let sound = sonification(BandCarrier::Tones).samples(Array2::zeros((3, 2)).view()).unwrap();
        assert!(sound.len() == 160 && sound.iter().all(|&y| y == 0.0));
        let mut low = sonification(BandCarrier::Tones);
        low.sample_rate = Hertz::new(4000.0).unwrap();
        let error = low.samples(Array2::zeros((3, 2)).view()).unwrap_err();
        assert_eq!(error.to_string(), "band centre is 2000 Hz, expected below 2000 Hz, half the sample rate");
    }
}
