//! Gammatone filters, rectified and averaged (Patterson et al. 1987; de Boer 1975).
//!
//! ```text
//! g[f,n] ~ n^3 e^(-2 pi b n / fs) cos(2 pi c n / fs),  b = 1.019 ERB(c) Hz,  the largest gain of each is 1
//! u[f,s] = relu(sum_n g[f,n] x[s-n])
//! y[f,t] = compress(mean of u[f,s] over the two bins up to t)
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the filter and two bins. Centres c are evenly spaced in ERB-rate, the lowest and the
//! highest frequency included (Glasberg & Moore 1990).
//!
//! The published implementation meets the sound with g in reverse, g\[0\] with the oldest sample: each filter then rises slowly and
//! ends abruptly, and answers most to sound of 20 ms ago. That is [`GammatoneTime::Reversed`].

use std::f64::consts::TAU;

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    compression::{Compression, Compressor},
    range::{Range, samples},
};
use crate::{
    error::{During, Result},
    layers::{filter_bank::Bank, pool::Mean},
    model::{memory::Memory, stage::Stage, state::State},
    params::store::Scope,
};

/// Gammatone filters, rectified and averaged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GammatoneConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Centre of the lowest band. Default 500 Hz.
    pub low_hz: Hertz,
    /// Centre of the highest band, at most half the sample rate. Default 22,627 Hz.
    pub high_hz: Hertz,
    /// Where the filters are cut off, 4 to 65,536 samples. Default 20 ms.
    pub filter_ms: Millis,
    /// Which end of a filter meets the current sample. Default its beginning.
    pub time: GammatoneTime,
    /// What follows. Default the logarithm above 1e-4.
    pub compression: Compression,
}

/// Which end of a filter meets the current sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GammatoneTime {
    /// Its beginning: the filter is an impulse response, as in the cochlea.
    #[default]
    Forward,
    /// Its end, as in deepSTRF 0.1.0: for parity with what was fitted there.
    Reversed,
}

impl Default for GammatoneConfig {
    fn default() -> Self {
        Self {
            n_bands: 34,
            low_hz: Hertz::whole::<500>(),
            high_hz: Hertz::whole::<22_627>(),
            filter_ms: Millis::whole::<20>(),
            time: GammatoneTime::default(),
            compression: Compression::default(),
        }
    }
}

impl GammatoneConfig {
    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        range.spaced(Scale::Erb, self.n_bands)
    }

    fn n_samples(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        samples(self.filter_ms, 4..=65_536, sampling, &format!("{field}.filter_ms"))
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.centers(sampling, field)?;
        self.n_samples(sampling, field)?;
        self.compression.validate(&format!("{field}.compression"))
    }
}

/// One impulse response, its beginning first, of a largest gain of 1.
fn filter(center: Hertz, sample_rate: f64, taps: usize) -> Vec<f64> {
    let width = 1.019 * center.erb().hz();
    let at = |n: usize| {
        let t = n as f64 / sample_rate;
        t.powi(3) * (-TAU * width * t).exp() * (TAU * center.hz() * t).cos()
    };
    let response: Vec<f64> = (0..taps).map(at).collect();
    let largest = largest_gain(&response, center.hz() / sample_rate, width / sample_rate);
    response.into_iter().map(|g| g / largest).collect()
}

/// The largest gain near a centre, over the frequencies of a transform of 4,096 samples; all in cycles per sample.
fn largest_gain(response: &[f64], center: f64, width: f64) -> f64 {
    const SIZE: f64 = 4096.0;
    const WIDTHS: f64 = 4.0;
    let first = ((center - WIDTHS * width) * SIZE).floor().max(0.0) as usize;
    let last = ((center + WIDTHS * width) * SIZE).ceil().min(SIZE / 2.0) as usize;
    let gain = |k: usize| {
        let (sin, cos) = (TAU * k as f64 / SIZE).sin_cos();
        let (mut re, mut im, mut turn) = (0.0, 0.0, (1.0, 0.0));
        for g in response {
            re += g * turn.0;
            im += g * turn.1;
            turn = (turn.0 * cos - turn.1 * sin, turn.0 * sin + turn.1 * cos);
        }
        re.hypot(im)
    };
    (first..=last).map(gain).fold(f64::MIN_POSITIVE, f64::max)
}

/// Bins of the average.
const AVERAGED: usize = 2;

pub(super) struct Gammatone {
    bank: Bank,
    filters: Tensor,
    mean: Mean,
    compressor: Compressor,
    memory: Memory,
}

impl Gammatone {
    pub(super) fn new(
        config: &GammatoneConfig,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (taps, hop, n_bands) = (config.n_samples(sampling, "gammatone")?, sampling.hop(), config.n_bands);
        let centers = config.centers(sampling, "gammatone")?;
        let rate = sampling.rate().hz();
        let taps_of = |center| {
            let mut response = filter(center, rate, taps);
            // The last tap meets the current sample.
            if config.time == GammatoneTime::Forward {
                response.reverse();
            }
            response
        };
        let filters: Vec<f64> = centers.into_iter().flat_map(taps_of).collect();
        let filters = Tensor::from_vec(filters, (n_bands, 1, taps), &Device::Cpu)
            .and_then(|t| t.to_dtype(like.0)?.to_device(like.1))
            .during("making gammatone filters")?;
        let window = AVERAGED * hop;
        let memory = Memory::of_samples(taps + window - 1, hop);
        let compressor = Compressor::new(&config.compression, n_bands, like, scope)?;
        Ok(Self {
            bank: Bank::new(1, taps, 1, like, scope.name("context")),
            filters,
            mean: Mean::new(n_bands, window, hop, like, scope.name("parts"))?,
            memory: memory.then(compressor.memory()),
            compressor,
        })
    }
}

impl Stage for Gammatone {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.bank.init_state(batch, state)?;
        self.mean.init_state(batch, state)?;
        self.compressor.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let filtered = self.bank.chunk(x, &self.filters, None, state)?;
        let rectified = filtered.relu().during("rectifying")?;
        let envelope = self.mean.chunk(&rectified, state)?;
        self.compressor.chunk(&envelope, state)
    }

    fn memory(&self) -> Memory {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_gain_of_a_filter_is_one_at_its_centre() {
        let rate = 16_000.0;
        let filter = filter(Hertz::whole::<1000>(), rate, 320);
        let gain = |hz: f64| {
            let (re, im) = filter.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, g)| {
                let (sin, cos) = (TAU * hz / rate * n as f64).sin_cos();
                (re + g * cos, im + g * sin)
            });
            f64::hypot(re, im)
        };
        assert!((gain(1000.0) - 1.0).abs() < 1e-3, "{}", gain(1000.0));
        assert!(gain(500.0) < 0.05 && gain(2000.0) < 0.05);
        assert_eq!(filter.first(), Some(&0.0));
    }

    #[test]
    fn a_click_is_answered_with_the_filter_and_reversed_with_its_end_first() {
        let rate = statenet_core::SampleRate::new(16_000.0).unwrap();
        let dt = statenet_core::TimeBin::from_millis(0.0625).unwrap();
        let sampling = Sampling::new(rate, dt).unwrap();
        let mut click = vec![0f64; 400];
        click[0] = 1.0;
        let click = Tensor::new(click, &Device::Cpu).unwrap().reshape((1, 1, 400)).unwrap();
        let answer = |time| {
            let config =
                GammatoneConfig { n_bands: 1, time, compression: Compression::None, ..Default::default() };
            let mut store = crate::ParamStore::new(statenet_core::Seed::new(0), DType::F64, &Device::Cpu);
            let gammatone =
                Gammatone::new(&config, &sampling, (DType::F64, &Device::Cpu), &mut store.root()).unwrap();
            let y = gammatone.forward(&click, crate::Mode::Eval).unwrap();
            y.flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        let expected = filter(Hertz::whole::<500>(), 16_000.0, 320);
        // Bins of one sample, averaged over two.
        let mean = |g: &[f64], s: usize| (g[s].max(0.0) + g[s - 1].max(0.0)) / 2.0;
        let (forward, reversed) = (answer(GammatoneTime::Forward), answer(GammatoneTime::Reversed));
        let backwards: Vec<f64> = expected.iter().rev().copied().collect();
        for s in 1..320 {
            assert!((forward[s] - mean(&expected, s)).abs() < 1e-12, "{s}");
            assert!((reversed[s] - mean(&backwards, s)).abs() < 1e-12, "{s}");
        }
        assert_eq!(forward[321], 0.0);
    }
}
