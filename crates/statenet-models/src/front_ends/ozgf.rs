//! One-zero gammatone filters, rectified and averaged (Lyon 1996; Katsiamis, Drakakis & Lyon 2007).
//!
//! ```text
//! H[f](s) ~ s / ((s + beta)^2 + (2 pi c)^2)^N,  beta = 2^(2N-2) (N-1)!^2 / (2N-2)! 2 ERB(c) in 1/s,  |H| = 1 at c
//! u[f,s] = relu(filter f of x, at sample s)
//! y[f,t] = compress(mean of u[f,s] over the window up to the end of bin t)
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the impulse response of the lowest band, and the window. The centres c are evenly spaced
//! in octaves, the lowest and the highest frequency included. beta is what a gammatone filter of order N has whose equivalent
//! rectangular bandwidth is ERB(c): 2 pi 1.019 ERB at order 4, 4 ERB at order 2. The digital filter has its poles and the zero where
//! e^(s / fs) puts those of s.

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    cascade::{Cascade, longest},
    compression::Compression,
    range::{Range, samples},
    recursive_envelope::{Envelope, RecursiveEnvelope},
};
use crate::{
    error::{Result, config_error},
    params::store::Scope,
};

/// One-zero gammatone filters, rectified and averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OzgfConfig {
    /// Bands F, 1 or more. Default 18.
    pub n_bands: usize,
    /// Centre of the lowest band. Default 200 Hz.
    pub low_hz: Hertz,
    /// Centre of the highest band, at most half the sample rate. Default 20,000 Hz.
    pub high_hz: Hertz,
    /// Pairs of poles N of a filter, 1 to 8. Default 2.
    pub order: usize,
    /// What is averaged, 1 to 1,000,000 samples. Default 10 ms.
    pub window_ms: Millis,
    /// What follows. Default the logarithm above 1e-4.
    pub compression: Compression,
}

impl Default for OzgfConfig {
    fn default() -> Self {
        Self {
            n_bands: 18,
            low_hz: Hertz::whole::<200>(),
            high_hz: Hertz::whole::<20_000>(),
            order: 2,
            window_ms: Millis::whole::<10>(),
            compression: Compression::default(),
        }
    }
}

impl OzgfConfig {
    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        range.spaced(Scale::Octave, self.n_bands)
    }

    fn window(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        samples(self.window_ms, 1..=1_000_000, sampling, &format!("{field}.window_ms"))
    }

    /// The filters, and how many samples they remember.
    fn filters(&self, sampling: &Sampling, field: &str) -> Result<(Vec<Cascade>, usize)> {
        if !(1..=8).contains(&self.order) {
            return Err(config_error(&format!("{field}.order"), self.order, "1 to 8"));
        }
        let centers = self.centers(sampling, field)?;
        let rate = sampling.rate().hz();
        let filters: Vec<_> = centers.iter().map(|c| filter(*c, self.order, rate)).collect();
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
    ) -> Result<RecursiveEnvelope> {
        let times = (self.window(sampling, "ozgf")?, sampling.hop());
        let filters = self.filters(sampling, "ozgf")?;
        RecursiveEnvelope::new(filters, times, Envelope::HalfWave, &self.compression, like, scope)
    }
}

fn filter(center: Hertz, order: usize, sample_rate: f64) -> Cascade {
    // 2^(2N-2) (N-1)!^2 / (2N-2)!, which is 1, 2, 8/3, 16/5, ..
    let ratio: f64 = (1..order).map(|n| 2.0 * n as f64 / (2.0 * n as f64 - 1.0)).product();
    let decay = 2.0 * ratio * center.erb().hz();
    Cascade::new(center, decay, sample_rate, order, |j, _| if j == 0 { 1.0 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    /// Integral of |H|^2 over positive frequencies by its peak.
    fn equivalent_bandwidth(cascade: &Cascade, rate: f64) -> f64 {
        let step = 0.5;
        (0..(rate / 2.0 / step) as usize)
            .map(|k| cascade.magnitude(k as f64 * step / rate).powi(2) * step)
            .sum()
    }

    #[test]
    fn bandwidths_are_those_of_the_ear_and_low_tails_rise_with_frequency() {
        for order in [2, 3, 4, 8] {
            let center = Hertz::whole::<1000>();
            let ozgf = filter(center, order, 16_000.0);
            let ratio = equivalent_bandwidth(&ozgf, 16_000.0) / center.erb().hz();
            assert!((0.9..1.1).contains(&ratio), "order {order}: {ratio}");
            let low = |hz: f64| ozgf.magnitude(hz / 16_000.0);
            assert!(low(0.0) < 1e-12, "a zero at 0 Hz");
            assert!((low(20.0) / low(10.0) - 2.0).abs() < 0.01);
        }
        assert!((2.0 * 3.2 / TAU - 1.0186).abs() < 1e-4, "order 4 has 1.019 ERB");
    }

    #[test]
    fn what_an_order_or_a_frequency_may_be_is_told() {
        use statenet_core::{SampleRate, TimeBin};
        let sampling =
            Sampling::new(SampleRate::new(16_000.0).unwrap(), TimeBin::from_millis(5.0).unwrap()).unwrap();
        let refused = |config: OzgfConfig| config.validate(&sampling, "ozgf").unwrap_err().to_string();
        assert_eq!(
            refused(OzgfConfig { order: 9, ..OzgfConfig::default() }),
            "ozgf.order is 9, expected 1 to 8"
        );
        let window_ms = Millis::new(0.01).unwrap();
        assert!(
            refused(OzgfConfig { window_ms, ..OzgfConfig::default() }).starts_with("ozgf.window_ms is 0.01")
        );
    }
}
