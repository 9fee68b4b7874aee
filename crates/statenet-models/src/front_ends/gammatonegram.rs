//! A gammatonegram: the magnitude of Slaney's gammatone filters in a window (Slaney 1993; Ellis 2009).
//!
//! ```text
//! H[f](z) = g prod_j (1 - z_j / z) / ((1 - p / z) (1 - p* / z)),  p = e^(-2 pi (1.019 ERB(c) + i c) / fs),
//!           z_j = Re(p) +- sqrt(3 +- 2^1.5) Im(p) for j = 1..4,   |H| = 1 at c
//! filters:  m[f,t] = sqrt(mean over the window of (filter f of x)^2)
//! fourier:  m[f,t] = 1/N sum_k |H[f](e^(2 pi i k / N))| |X[k,t]|,  X the transform over N points of K windowed samples
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the window, and with `filters` the impulse response of the lowest band. The centres c
//! are evenly spaced in ERB-rate, the lowest frequency included and the highest left out, as Slaney has them. The window ends with the
//! bin; N is the smallest power of two from 2 K on.

use std::f64::consts::SQRT_2;

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    cascade::{Cascade, longest},
    compression::Compression,
    range::{Range, samples},
    recursive_envelope::{Envelope, RecursiveEnvelope},
    spectral_bands::{SpectralBands, SpectrogramValue},
    stft::{LONGEST, Stft, periodic_hann},
};
use crate::{error::Result, model::stage::Stage, params::store::Scope};

/// The magnitude of gammatone filters in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GammatonegramConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Centre of the lowest band. Default 500 Hz.
    pub low_hz: Hertz,
    /// Where the centre of one band more would be, at most half the sample rate. Default 22,627 Hz.
    pub high_hz: Hertz,
    /// The window, 2 to 4,096 samples. Default 10 ms.
    pub window_ms: Millis,
    /// How filters are computed. Default by a Fourier transform.
    pub method: GammatonegramMethod,
    /// What follows. Default the logarithm above 1e-4.
    pub compression: Compression,
}

/// How the filters of a gammatonegram are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GammatonegramMethod {
    /// A Fourier transform weighted by the gains of the filters: fast.
    #[default]
    Fourier,
    /// The recursive filters themselves at every sample: exact in time.
    Filters,
}

impl Default for GammatonegramConfig {
    fn default() -> Self {
        Self {
            n_bands: 34,
            low_hz: Hertz::whole::<500>(),
            high_hz: Hertz::whole::<22_627>(),
            window_ms: Millis::whole::<10>(),
            method: GammatonegramMethod::default(),
            compression: Compression::default(),
        }
    }
}

impl GammatonegramConfig {
    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        let mut centers = range.spaced(Scale::Erb, self.n_bands.saturating_add(1))?;
        centers.truncate(self.n_bands);
        Ok(centers)
    }

    fn window(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        samples(self.window_ms, 2..=LONGEST, sampling, &format!("{field}.window_ms"))
    }

    /// The filters, and how many samples they remember.
    fn filters(&self, sampling: &Sampling, field: &str) -> Result<(Vec<Cascade>, usize)> {
        let centers = self.centers(sampling, field)?;
        let rate = sampling.rate().hz();
        let filters: Vec<_> = centers.iter().map(|c| filter(*c, rate)).collect();
        let n_samples = longest(&filters, &centers, &format!("{field}.low_hz"))?;
        Ok((filters, n_samples))
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.filters(sampling, field)?;
        self.window(sampling, field)?;
        self.compression.validate(&format!("{field}.compression"))
    }

    pub(super) fn stage(
        &self,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Box<dyn Stage>> {
        let hop = sampling.hop();
        let (filters, n_samples) = self.filters(sampling, "gammatonegram")?;
        let window = self.window(sampling, "gammatonegram")?;
        Ok(match self.method {
            GammatonegramMethod::Fourier => {
                let size = (2 * window).next_power_of_two();
                let gains = filters
                    .iter()
                    .flat_map(|f| (0..=size / 2).map(|k| f.magnitude(k as f64 / size as f64) / size as f64))
                    .collect();
                let stft = Stft::new(&periodic_hann(window), size, hop, like, scope)?;
                let of = SpectrogramValue::Magnitude;
                Box::new(SpectralBands::new(stft, gains, of, &self.compression, hop, like, scope)?)
            }
            GammatonegramMethod::Filters => {
                let (filters, times) = ((filters, n_samples), (window, hop));
                let of = Envelope::RootMeanSquare;
                Box::new(RecursiveEnvelope::new(filters, times, of, &self.compression, like, scope)?)
            }
        })
    }
}

/// The four sections of a band.
fn filter(center: Hertz, sample_rate: f64) -> Cascade {
    let decay = std::f64::consts::TAU * 1.019 * center.erb().hz();
    Cascade::new(center, decay, sample_rate, 4, |j, (re, im)| {
        let sign = if j.is_multiple_of(2) { 1.0 } else { -1.0 };
        let inner = if j < 2 { 2.0 * SQRT_2 } else { -2.0 * SQRT_2 };
        re + sign * (3.0 + inner).sqrt() * im
    })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[test]
    fn the_sections_together_are_a_gammatone_filter() {
        let (center, rate) = (Hertz::whole::<1000>(), 48_000.0);
        let cascade = filter(center, rate);
        let mut state = vec![0.0; cascade.n_states()];
        let response: Vec<f64> =
            (0..2_000).map(|n| cascade.step(if n == 0 { 1.0 } else { 0.0 }, &mut state)).collect();
        let width = 1.019 * center.erb().hz();
        let gammatone: Vec<f64> = (0..2_000)
            .map(|n| f64::from(n) / rate)
            .map(|t| t.powi(3) * (-TAU * width * t).exp() * (TAU * center.hz() * t).cos())
            .collect();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let alike =
            dot(&response, &gammatone) / (dot(&response, &response) * dot(&gammatone, &gammatone)).sqrt();
        assert!(alike > 0.999, "{alike}");
    }

    #[test]
    fn the_highest_frequency_is_left_out() {
        use statenet_core::{SampleRate, TimeBin};
        let sampling =
            Sampling::new(SampleRate::new(16_000.0).unwrap(), TimeBin::from_millis(5.0).unwrap()).unwrap();
        let config = GammatonegramConfig {
            n_bands: 6,
            low_hz: Hertz::whole::<200>(),
            high_hz: Hertz::whole::<8000>(),
            ..GammatonegramConfig::default()
        };
        // Slaney's centres, computed with his constants.
        let published =
            [200.0, 472.832_059_39, 919.245_325_15, 1_649.675_628_28, 2_844.820_281_57, 4_800.339_837_88];
        let centers = config.centers(&sampling, "gammatonegram").unwrap();
        assert!(centers.iter().zip(published).all(|(c, p)| (c.hz() / p - 1.0).abs() < 1e-5), "{centers:?}");
    }
}
