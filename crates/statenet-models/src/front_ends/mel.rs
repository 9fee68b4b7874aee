//! A mel spectrogram: magnitudes of a short-time Fourier transform, gathered in triangles that are even on the mel scale.
//!
//! ```text
//! X[k,t] = sum_n hann[n] x[(t+1) hop - K + n] e^(-2 pi i k n / K)        (K samples, hann symmetric)
//! m[f,t] = sum_k triangle[f,k] |X[k,t]|                                  y = compress(m)
//! triangle[f,k] = max(0, min((k fs/K - l) / (c - l), (r - k fs/K) / (r - c))), l, c, r = edges f, f + 1, f + 2
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the window. The F + 2 edges are evenly spaced in mel (HTK), the lowest and the highest
//! frequency included.

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    compression::Compression,
    range::{Range, samples},
    spectral_bands::{SpectralBands, SpectrogramValue},
    stft::{LONGEST, Stft, symmetric_hann},
    triangles,
};
use crate::{
    error::{Result, config_error},
    params::store::Scope,
};

/// A mel spectrogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MelConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Where the lowest band begins. Default 500 Hz.
    pub low_hz: Hertz,
    /// Where the highest band ends, at most half the sample rate. Default 22,627 Hz.
    pub high_hz: Hertz,
    /// The window, 2 to 4,096 samples. Default 10 ms.
    pub window_ms: Millis,
    /// What follows. Default the logarithm above 1e-4.
    pub compression: Compression,
}

impl Default for MelConfig {
    fn default() -> Self {
        Self {
            n_bands: 34,
            low_hz: Hertz::whole::<500>(),
            high_hz: Hertz::whole::<22_627>(),
            window_ms: Millis::whole::<10>(),
            compression: Compression::default(),
        }
    }
}

impl MelConfig {
    fn edges(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        range.spaced(Scale::Mel, self.n_bands.saturating_add(2))
    }

    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let edges = self.edges(sampling, field)?;
        Ok(edges.into_iter().skip(1).take(self.n_bands).collect())
    }

    fn n_samples(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        samples(self.window_ms, 2..=LONGEST, sampling, &format!("{field}.window_ms"))
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        let window = self.n_samples(sampling, field)?;
        let triangles = triangles(&self.edges(sampling, field)?, sampling, window);
        if let Some(empty) = triangles.chunks(window / 2 + 1).position(|t| t.iter().all(|w| *w == 0.0)) {
            let expected = format!(
                "fewer bands or a longer window: band {empty} lies between two frequencies of the transform, {} Hz apart",
                sampling.rate().hz() / window as f64
            );
            return Err(config_error(&format!("{field}.n_bands"), self.n_bands, expected));
        }
        self.compression.validate(&format!("{field}.compression"))
    }

    pub(super) fn stage(
        &self,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<SpectralBands> {
        let (window, hop) = (self.n_samples(sampling, "mel")?, sampling.hop());
        let weights = triangles(&self.edges(sampling, "mel")?, sampling, window);
        let stft = Stft::new(&symmetric_hann(window), window, hop, like, scope)?;
        SpectralBands::new(stft, weights, SpectrogramValue::Magnitude, &self.compression, hop, like, scope)
    }
}

/// Weights (F, K/2 + 1), row by row.
fn triangles(edges: &[Hertz], sampling: &Sampling, window: usize) -> Vec<f64> {
    let spacing = sampling.rate().hz() / window as f64;
    let bands = edges.windows(3).map(|e| [e[0].hz(), e[1].hz(), e[2].hz()]);
    triangles::triangles(bands, spacing, window / 2 + 1)
}

#[cfg(test)]
mod tests {
    use statenet_core::{SampleRate, TimeBin};

    use super::*;

    fn at(rate: f64) -> Sampling {
        Sampling::new(SampleRate::new(rate).unwrap(), TimeBin::from_millis(5.0).unwrap()).unwrap()
    }

    #[test]
    fn the_default_triangles_hold_these_numbers_of_frequencies() {
        let (config, sampling) = (MelConfig::default(), at(48_000.0));
        let weights = triangles(&config.edges(&sampling, "mel").unwrap(), &sampling, 480);
        let counts: Vec<_> = weights.chunks(241).map(|t| t.iter().filter(|w| **w > 0.0).count()).collect();
        let published = [
            2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 8, 9, 10, 10, 11, 12, 13, 14, 15, 17, 19, 20, 22,
            24, 26, 28, 30, 34, 37,
        ];
        assert_eq!(counts, published);
    }

    #[test]
    fn a_band_between_two_frequencies_is_refused() {
        let config = MelConfig { n_bands: 34, window_ms: Millis::whole::<5>(), ..MelConfig::default() };
        let message = config.validate(&at(16_000.0), "mel").unwrap_err().to_string();
        assert!(message.contains("mel.n_bands is 34, expected fewer bands or a longer window"), "{message}");
        let config = MelConfig { low_hz: Hertz::whole::<9000>(), ..MelConfig::default() };
        let message = config.validate(&at(16_000.0), "mel").unwrap_err().to_string();
        assert_eq!(
            message,
            "mel.low_hz is 9000, expected below 8000 Hz, the highest (the sample rate holds 8000)"
        );
        let config = MelConfig { window_ms: Millis::new(0.01).unwrap(), ..MelConfig::default() };
        let message = config.validate(&at(16_000.0), "mel").unwrap_err().to_string();
        assert_eq!(
            message,
            "mel.window_ms is 0.01, expected 0.125 to 256 ms (2 to 4096 samples at 16000 Hz)"
        );
    }
}
