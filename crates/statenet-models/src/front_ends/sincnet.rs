//! Band-passes whose cut-offs are learned (Ravanelli & Bengio 2018, IEEE SLT, p. 1021).
//!
//! ```text
//! h[f,n] = hamming[n] (sin(2 pi f2 n / fs) - sin(2 pi f1 n / fs)) / (pi n),  2 (f2 - f1) / fs at n = 0
//! m1 = |low|, m2 = m1 + |band|        f1 = hz(m1) from 1 Hz to fs/2 - 1 Hz, f2 = hz(m2) up to fs/2
//! ```
//! n runs from -(K-1)/2 to (K-1)/2, in halves where K is even. `low` and `band` (F) are in thousands of mel (as
//! [`kilomel`](super::kilomel) has them), not in Hz as in the paper and in the published implementation, whose cut-offs hardly
//! move in a fit.
//!
//! In (B, 1, T hop), out (B, F, T): the filters once in a bin, or everywhere, with the magnitude averaged over the bin.

use std::f64::consts::{PI, TAU};

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Sampling, scales::Scale};

use super::{kilomel, range::Range};
use crate::{
    error::{During, Result, config_error},
    layers::{filter_bank::Bank, pool::Mean},
    model::{memory::Memory, stage::Stage, state::State},
    params::store::Scope,
};

/// Band-passes whose cut-offs are learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SincnetConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Where the lowest band begins. Default 300 Hz.
    pub low_hz: Hertz,
    /// Where the highest band ends; at most 1 Hz below half the sample rate, so that it can move. Default there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<Hertz>,
    /// Samples K of a filter, 2 to 65,536. Default 251.
    pub taps: usize,
    /// What becomes of the filtered sound. Default `strided`.
    pub output: SincnetOutput,
}

/// What becomes of the filtered sound, before ln(1 + |y|).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SincnetOutput {
    /// One sample of it in a bin.
    #[default]
    Strided,
    /// The mean of its magnitude over the bin.
    Envelope,
}

impl Default for SincnetConfig {
    fn default() -> Self {
        let output = SincnetOutput::default();
        Self { n_bands: 34, low_hz: Hertz::whole::<300>(), high_hz: None, taps: 251, output }
    }
}

impl SincnetConfig {
    fn sincs(&self) -> Sincs {
        Sincs { n_bands: self.n_bands, low_hz: self.low_hz, high_hz: self.high_hz, taps: self.taps }
    }

    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let edges = self.sincs().edges(sampling, field)?;
        let middle = |pair: &[Hertz]| {
            let mel = (Scale::Mel.from_hertz(pair[0]) + Scale::Mel.from_hertz(pair[1])) / 2.0;
            Scale::Mel.to_hertz(mel).map_err(|e| config_error(field, self.n_bands, e.to_string()))
        };
        edges.windows(2).map(middle).collect()
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.sincs().validate(sampling, field)
    }
}

/// What describes the filters alone.
#[derive(Clone, Copy)]
pub(crate) struct Sincs {
    pub(crate) n_bands: usize,
    pub(crate) low_hz: Hertz,
    pub(crate) high_hz: Option<Hertz>,
    pub(crate) taps: usize,
}

impl Sincs {
    /// The F + 1 cut-offs between which the bands begin.
    fn edges(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        // A cut-off at half the sample rate could not move up: its gradient would be that of a kink.
        const BELOW_NYQUIST_HZ: f64 = 1.0;
        let limit = sampling.nyquist()?.hz() - BELOW_NYQUIST_HZ;
        let high = self.high_hz.map_or_else(|| sampling.nyquist(), Ok)?;
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high, sampling, field };
        let edges = range.spaced(Scale::Mel, self.n_bands.saturating_add(1))?;
        let lowered = |edge: Hertz| Hertz::new(edge.hz().min(limit)).map_err(|_| range.too_low(limit));
        edges.into_iter().map(lowered).collect()
    }

    pub(crate) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.edges(sampling, field)?;
        if !(2..=65_536).contains(&self.taps) {
            return Err(config_error(&format!("{field}.taps"), self.taps, "2 to 65536"));
        }
        Ok(())
    }

    pub(crate) fn build(
        &self,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<BandPasses> {
        let edges: Vec<f64> = self.edges(sampling, "sincnet")?.into_iter().map(kilomel::from_hertz).collect();
        let bands = edges.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let lows = edges.into_iter().take(self.n_bands).collect();
        let low = scope.parameter_with("low_kilomel", self.n_bands, |_| lows)?;
        let band = scope.parameter_with("band_kilomel", self.n_bands, |_| bands)?;
        // The middle of an odd number of taps, where sin(0) / 0 is left out, is added on its own.
        let middle = (self.taps - 1) as f64 / 2.0;
        let places: Vec<f64> = (0..self.taps).map(|k| k as f64 - middle).collect();
        let window = |k: usize| 0.54 - 0.46 * (TAU * k as f64 / (self.taps - 1) as f64).cos();
        let shape =
            places.iter().enumerate().map(|(k, n)| if *n == 0.0 { 0.0 } else { window(k) / (PI * n) });
        let center = places.iter().enumerate().map(|(k, n)| if *n == 0.0 { window(k) } else { 0.0 });
        let row = |values: Vec<f64>| {
            Tensor::from_vec(values, (1, self.taps), &Device::Cpu)
                .and_then(|t| t.to_dtype(like.0)?.to_device(like.1))
                .during("making band-passes")
        };
        let sample_rate = sampling.rate().hz();
        Ok(BandPasses {
            shape: row(shape.collect())?,
            center: row(center.collect())?,
            phase: row(places.iter().map(|n| TAU * n / sample_rate).collect())?,
            low,
            band,
            sample_rate,
        })
    }
}

/// Band-passes computed from their cut-offs.
pub(crate) struct BandPasses {
    low: Tensor,
    band: Tensor,
    /// 2 pi n / fs, hamming / (pi n), and the window at n = 0 alone, (1, K).
    phase: Tensor,
    shape: Tensor,
    center: Tensor,
    sample_rate: f64,
}

impl BandPasses {
    /// (F, 1, K).
    pub(crate) fn filters(&self) -> Result<Tensor> {
        let compute = || -> candle_core::Result<Tensor> {
            let nyquist = self.sample_rate / 2.0;
            let low = self.low.abs()?;
            let f1 = kilomel::to_hertz(&low)?.maximum(1.0)?.minimum(nyquist - 1.0)?.unsqueeze(1)?;
            let f2 = kilomel::to_hertz(&(low + self.band.abs()?)?)?.minimum(nyquist)?.unsqueeze(1)?;
            let wave = |f: &Tensor| f.broadcast_mul(&self.phase)?.sin();
            let sides = (wave(&f2)? - wave(&f1)?)?.broadcast_mul(&self.shape)?;
            let middle = ((f2 - f1)? * (2.0 / self.sample_rate))?.broadcast_mul(&self.center)?;
            (sides + middle)?.unsqueeze(1)
        };
        compute().during("computing band-passes")
    }
}

/// What keeps a filtered sound in range.
#[derive(Clone, Copy)]
pub(crate) enum Squash {
    /// ln(1 + |y|).
    LogMagnitude,
    /// sign(y) ln(1 + |y|).
    SignedLog,
}

impl Squash {
    pub(crate) fn apply(self, y: &Tensor) -> Result<Tensor> {
        let squash = || -> candle_core::Result<Tensor> {
            let log = |x: &Tensor| (x + 1.0)?.log();
            match self {
                Self::LogMagnitude => log(&y.abs()?),
                // One of the two is 0.
                Self::SignedLog => log(&y.relu()?)? - log(&y.neg()?.relu()?)?,
            }
        };
        squash().during("compressing")
    }
}

pub(super) struct Sincnet {
    band_passes: BandPasses,
    bank: Bank,
    /// Over a bin, where the output is an envelope.
    mean: Option<Mean>,
    memory: Memory,
}

impl Sincnet {
    pub(super) fn new(
        config: &SincnetConfig,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (hop, n_bands, taps) = (sampling.hop(), config.n_bands, config.taps);
        let band_passes = config.sincs().build(sampling, like, scope)?;
        let bank = |stride| Bank::new(1, taps, stride, like, scope.name("context"));
        let (bank, mean, memory) = match config.output {
            SincnetOutput::Strided => {
                let bank = bank(hop);
                let memory = Memory::of_samples(bank.reach(), hop);
                (bank, None, memory)
            }
            SincnetOutput::Envelope => {
                let mean = Mean::new(n_bands, hop, hop, like, scope.name("parts"))?;
                (bank(1), Some(mean), Memory::of_samples(taps + hop - 1, hop))
            }
        };
        Ok(Self { band_passes, bank, mean, memory })
    }
}

impl Stage for Sincnet {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.bank.init_state(batch, state)?;
        self.mean.as_ref().map_or(Ok(()), |mean| mean.init_state(batch, state))
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let filtered = self.bank.chunk(x, &self.band_passes.filters()?, None, state)?;
        match &self.mean {
            None => Squash::LogMagnitude.apply(&filtered),
            Some(mean) => {
                let magnitude = filtered.abs().during("computing magnitudes")?;
                Squash::LogMagnitude.apply(&mean.chunk(&magnitude, state)?)
            }
        }
    }

    fn memory(&self) -> Memory {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{SampleRate, Seed, TimeBin};

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn filters_pass_their_band_only() {
        let dt = TimeBin::from_millis(5.0).unwrap();
        let sampling = Sampling::new(SampleRate::new(16_000.0).unwrap(), dt).unwrap();
        for taps in [250, 251] {
            let sincs = Sincs { n_bands: 2, low_hz: Hertz::whole::<1000>(), high_hz: None, taps };
            let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
            let filters = sincs.build(&sampling, (DType::F64, &Device::Cpu), &mut store.root()).unwrap();
            let filters = filters.filters().unwrap().squeeze(1).unwrap().to_vec2::<f64>().unwrap();
            let gain = |filter: &[f64], hz: f64| {
                let (re, im) = filter.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, h)| {
                    let (sin, cos) = (TAU * hz / 16_000.0 * n as f64).sin_cos();
                    (re + h * cos, im + h * sin)
                });
                f64::hypot(re, im)
            };
            let edge = sincs.edges(&sampling, "sincnet").unwrap()[1].hz();
            for (hz, expected) in [(500.0, [0.0, 0.0]), (2000.0, [1.0, 0.0]), (6000.0, [0.0, 1.0])] {
                for (filter, expected) in filters.iter().zip(expected) {
                    assert!((gain(filter, hz) - expected).abs() < 0.01, "{taps} {hz}: {}", gain(filter, hz));
                }
            }
            assert!((gain(&filters[0], edge) - 0.5).abs() < 0.01);
        }
    }
}
