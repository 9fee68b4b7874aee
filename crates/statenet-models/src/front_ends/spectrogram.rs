//! A spectrogram: a short-time Fourier transform, averaged in bands that are evenly spaced in Hz or in octaves.
//!
//! ```text
//! X[k,t] = sum_n hann[n] x[(t+1) hop - K + n] e^(-2 pi i k n / K)        (K samples, hann symmetric)
//! m[f,t] = sum_k w[f,k] |X[k,t]|   or   sum_k w[f,k] |X[k,t]|^2          y = compress(m)
//! w[f,k] = triangle[f,k] / sum_k triangle[f,k],  triangle = max(0, min((k fs/K - l) / (c - l), (r - k fs/K) / (r - c)))
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the window. The centres c are F frequencies between F + 2 evenly spaced ones, the lowest
//! and the highest frequency included; l and r are their neighbours, or fs/K away from c where the neighbours are nearer: a narrow
//! band is interpolated between the two frequencies of the transform beside it.

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    compression::Compression,
    range::{Range, samples},
    spectral_bands::{SpectralBands, SpectrogramValue},
    stft::{LONGEST, Stft, symmetric_hann},
    triangles::triangles,
};
use crate::{
    error::{Result, config_error},
    params::store::Scope,
};

/// A spectrogram in bands of Hz or of octaves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpectrogramConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Where the lowest band begins. Default 500 Hz.
    pub low_hz: Hertz,
    /// Where the highest band ends, at most half the sample rate. Default 22,627 Hz.
    pub high_hz: Hertz,
    /// How bands are spaced. Default evenly in octaves.
    pub bands: SpectrogramBands,
    /// What is averaged. Default the magnitude.
    pub value: SpectrogramValue,
    /// The window, 2 to 4,096 samples. Default 10 ms.
    pub window_ms: Millis,
    /// What follows. Default the logarithm above 1e-4.
    pub compression: Compression,
}

/// How bands are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpectrogramBands {
    /// Evenly in octaves.
    #[default]
    Log,
    /// Evenly in Hz.
    Linear,
}

impl Default for SpectrogramConfig {
    fn default() -> Self {
        Self {
            n_bands: 34,
            low_hz: Hertz::whole::<500>(),
            high_hz: Hertz::whole::<22_627>(),
            bands: SpectrogramBands::default(),
            value: SpectrogramValue::default(),
            window_ms: Millis::whole::<10>(),
            compression: Compression::default(),
        }
    }
}

impl SpectrogramConfig {
    fn edges(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        let n = self.n_bands.saturating_add(2);
        match self.bands {
            SpectrogramBands::Log => range.spaced(Scale::Octave, n),
            SpectrogramBands::Linear => {
                let (low, high) = range.ends()?;
                let step = (high.hz() - low.hz()) / (n - 1) as f64;
                let at = |i: usize| Hertz::new(low.hz() + step * i as f64);
                let edges: std::result::Result<_, _> = (0..n).map(at).collect();
                edges.map_err(|e| config_error(field, self.n_bands, e.to_string()))
            }
        }
    }

    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let edges = self.edges(sampling, field)?;
        Ok(edges.into_iter().skip(1).take(self.n_bands).collect())
    }

    fn n_samples(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        samples(self.window_ms, 2..=LONGEST, sampling, &format!("{field}.window_ms"))
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.edges(sampling, field)?;
        self.n_samples(sampling, field)?;
        self.compression.validate(&format!("{field}.compression"))
    }

    pub(super) fn stage(
        &self,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<SpectralBands> {
        let (window, hop) = (self.n_samples(sampling, "spectrogram")?, sampling.hop());
        let weights = weights(&self.edges(sampling, "spectrogram")?, sampling, window);
        let stft = Stft::new(&symmetric_hann(window), window, hop, like, scope)?;
        SpectralBands::new(stft, weights, self.value, &self.compression, hop, like, scope)
    }
}

/// Weights (F, K/2 + 1), row by row, that sum to 1 in each row.
fn weights(edges: &[Hertz], sampling: &Sampling, window: usize) -> Vec<f64> {
    let (spacing, n) = (sampling.rate().hz() / window as f64, window / 2 + 1);
    let band = |e: &[Hertz]| {
        let (l, c, r) = (e[0].hz(), e[1].hz(), e[2].hz());
        // The highest frequency of a window of an odd number of samples lies below half the sample rate.
        let c = c.min((n - 1) as f64 * spacing);
        [l.min(c - spacing), c, r.max(c + spacing)]
    };
    let mut weights = triangles(edges.windows(3).map(band), spacing, n);
    for row in weights.chunks_mut(n) {
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|w| *w /= sum);
    }
    weights
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statenet_core::{SampleRate, TimeBin};

    use super::*;

    fn at(rate: f64) -> Sampling {
        Sampling::new(SampleRate::new(rate).unwrap(), TimeBin::from_millis(5.0).unwrap()).unwrap()
    }

    fn weights_of(config: &SpectrogramConfig, sampling: &Sampling) -> (usize, Vec<f64>) {
        let window = config.n_samples(sampling, "spectrogram").unwrap();
        (window / 2 + 1, weights(&config.edges(sampling, "spectrogram").unwrap(), sampling, window))
    }

    #[test]
    fn bands_as_far_apart_as_the_frequencies_are_the_frequencies() {
        let config = SpectrogramConfig {
            n_bands: 5,
            low_hz: Hertz::whole::<100>(),
            high_hz: Hertz::whole::<700>(),
            bands: SpectrogramBands::Linear,
            ..SpectrogramConfig::default()
        };
        let (n, weights) = weights_of(&config, &at(16_000.0));
        for (f, row) in weights.chunks(n).enumerate() {
            for (k, w) in row.iter().enumerate() {
                assert!((w - f64::from(u8::from(k == f + 2))).abs() < 1e-9, "band {f}, frequency {k}: {w}");
            }
        }
        let centers = config.centers(&at(16_000.0), "spectrogram").unwrap();
        assert!(
            centers.iter().zip([200.0, 300.0, 400.0, 500.0, 600.0]).all(|(c, e)| (c.hz() - e).abs() < 1e-9)
        );
    }

    #[test]
    fn the_default_bands_are_evenly_spaced_in_octaves() {
        let centers = SpectrogramConfig::default().centers(&at(48_000.0), "spectrogram").unwrap();
        let ratio = (22_627.0f64 / 500.0).powf(1.0 / 35.0);
        assert_eq!(centers.len(), 34);
        assert!((centers[0].hz() - 500.0 * ratio).abs() < 1e-6);
        assert!(centers.windows(2).all(|c| (c[1].hz() / c[0].hz() - ratio).abs() < 1e-9));
    }

    proptest! {
        #[test]
        fn every_band_is_an_average(
            n_bands in 1usize..200,
            window in 2usize..300,
            (low, high) in (1.0..7_000.0f64, 1.0..2_000.0f64),
            linear in any::<bool>(),
        ) {
            let config = SpectrogramConfig {
                n_bands,
                low_hz: Hertz::new(low).unwrap(),
                high_hz: Hertz::new(low + high).unwrap(),
                bands: if linear { SpectrogramBands::Linear } else { SpectrogramBands::Log },
                window_ms: Millis::new(window as f64 / 16.0).unwrap(),
                ..SpectrogramConfig::default()
            };
            let (n, weights) = weights_of(&config, &at(16_000.0));
            prop_assert_eq!(weights.len(), n * n_bands);
            for row in weights.chunks(n) {
                prop_assert!(row.iter().all(|w| *w >= 0.0));
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{row:?}");
            }
        }
    }
}
