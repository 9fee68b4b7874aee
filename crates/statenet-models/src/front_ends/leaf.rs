//! LEAF: Gabor filters, Gaussian averages and gain control, all learned (Zeghidour et al. 2021, ICLR).
//!
//! ```text
//! g[f,n] = e^(-n^2 / 2 sigma^2) e^(i omega n) / sum_n e^(-n^2 / 2 sigma^2),    n from -(K-1)/2 to (K-1)/2, K odd
//! u[f,s] = sqrt(|sum_n g[f,n] x[s-n]|^2 + 1e-9), K - 1 samples of silence before the first
//! E[f,t] = sum_j w[f,j] u[f, (t+1) hop - 1 - j],    w ~ e^(-j^2 / 2 width^2), j from 0 to 4 hop - 1, sum 1
//! M[t] = (1 - s) M[t-1] + s E[t]        y[t] = (E[t] / (1e-6 + M[t])^alpha + delta)^r - delta^r
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: unbounded, by the gain control. Parameters: 7 F. omega is a centre in thousands of
//! mel (as [`kilomel`](super::kilomel) has them), held from 0.01 to pi; sigma, at least 1, and width are samples on a logarithmic
//! scale: a step of an optimiser moves each in proportion. The paper and the published implementation have them linear, which
//! hardly moves them; first values and outputs are the same. The average looks at the past only, which the paper's does not.

use std::f64::consts::{PI, TAU};

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use super::{
    kilomel,
    pcen::{Numbers, Pcen},
    range::{Range, samples},
};
use crate::{
    error::{During, Result},
    layers::{filter_bank::Bank, pool::Pool},
    model::{memory::Memory, stage::Stage, state::State},
    params::{init::Init, store::Scope},
};

/// Learned Gabor filters, averages and gain control.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeafConfig {
    /// Bands F, 1 or more. Default 34.
    pub n_bands: usize,
    /// Centre of the lowest band at the start. Default 60 Hz.
    pub low_hz: Hertz,
    /// Centre of the highest band at the start, at most half the sample rate. Default 22,627 Hz.
    pub high_hz: Hertz,
    /// Length of a filter, 3 to 65,535 samples, made odd by one sample more. Default 15 ms.
    pub filter_ms: Millis,
}

impl Default for LeafConfig {
    fn default() -> Self {
        Self {
            n_bands: 34,
            low_hz: Hertz::whole::<60>(),
            high_hz: Hertz::whole::<22_627>(),
            filter_ms: Millis::whole::<15>(),
        }
    }
}

impl LeafConfig {
    pub(super) fn centers(&self, sampling: &Sampling, field: &str) -> Result<Vec<Hertz>> {
        let range = Range { n_bands: self.n_bands, low: self.low_hz, high: self.high_hz, sampling, field };
        range.spaced(Scale::Mel, self.n_bands)
    }

    fn n_samples(&self, sampling: &Sampling, field: &str) -> Result<usize> {
        Ok(samples(self.filter_ms, 3..=65_535, sampling, &format!("{field}.filter_ms"))? | 1)
    }

    pub(super) fn validate(&self, sampling: &Sampling, field: &str) -> Result<()> {
        self.centers(sampling, field)?;
        self.n_samples(sampling, field).map(|_| ())
    }
}

/// Bins of the average.
const AVERAGED: usize = 4;
/// Keeps the slope of a magnitude finite in silence.
const SILENCE: f64 = 1e-9;
const EPS: f64 = 1e-6;
/// The smallest root r.
const LEAST_ROOT: f64 = 1e-3;

pub(super) struct Leaf {
    center: Tensor,
    log_sigma: Tensor,
    log_width: Tensor,
    raw_alpha: Tensor,
    raw_delta: Tensor,
    raw_root: Tensor,
    raw_smoothing: Tensor,
    /// n, (1, K), and the distance of a tap from the latest, (1, 4 hop).
    places: Tensor,
    distances: Tensor,
    sample_rate: f64,
    bank: Bank,
    pool: Pool,
    pcen: Pcen,
}

impl Leaf {
    pub(super) fn new(
        config: &LeafConfig,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (n_bands, taps, hop) = (config.n_bands, config.n_samples(sampling, "leaf")?, sampling.hop());
        let (sample_rate, window) = (sampling.rate().hz(), AVERAGED * hop);
        let centers = config.centers(sampling, "leaf")?;
        let sigmas = centers.iter().map(|c| (sample_rate / (TAU * c.erb().hz())).ln()).collect();
        let center = centers.iter().copied().map(kilomel::from_hertz).collect();
        let row = |values: Vec<f64>| {
            let n = values.len();
            Tensor::from_vec(values, (1, n), &Device::Cpu)
                .and_then(|t| t.to_dtype(like.0)?.to_device(like.1))
                .during("making places of samples")
        };
        let middle = (taps - 1) as f64 / 2.0;
        let same = |x: f64| Init::Constant(x);
        Ok(Self {
            center: scope.parameter_with("center_kilomel", n_bands, |_| center)?,
            log_sigma: scope.parameter_with("log_sigma", n_bands, |_| sigmas)?,
            log_width: scope.parameter("log_width", n_bands, same((window as f64 / 4.0).ln()))?,
            raw_alpha: scope.parameter("raw_alpha", n_bands, same(before_softplus(0.96)))?,
            raw_delta: scope.parameter("raw_delta", n_bands, same(before_softplus(2.0)))?,
            raw_root: scope.parameter("raw_root", n_bands, same(before_softplus(0.5)))?,
            raw_smoothing: scope.parameter("raw_smoothing", n_bands, same((0.04f64 / 0.96).ln()))?,
            places: row((0..taps).map(|k| k as f64 - middle).collect())?,
            distances: row((0..window).rev().map(|j| j as f64).collect())?,
            sample_rate,
            bank: Bank::new(1, taps, 1, like, scope.name("context")),
            pool: Pool::new(n_bands, window, hop, like, scope.name("parts")),
            pcen: Pcen::new(n_bands, like, scope.name("average")),
        })
    }

    /// Real and imaginary parts, (2 F, 1, K).
    fn filters(&self) -> candle_core::Result<Tensor> {
        let omega = (kilomel::to_hertz(&self.center)? * (TAU / self.sample_rate))?;
        let omega = omega.maximum(0.01)?.minimum(PI)?.unsqueeze(1)?;
        let sigma = self.log_sigma.exp()?.maximum(1.0)?;
        let bell = bells(&self.places, &sigma)?;
        let phase = omega.broadcast_mul(&self.places)?;
        Tensor::cat(&[(&bell * phase.cos()?)?, (bell * phase.sin()?)?], 0)?.unsqueeze(1)
    }

    fn gain_control(&self) -> Result<Numbers> {
        let positive = |raw: &Tensor| Ok::<_, crate::Error>(statenet_kernels::softplus(raw)?);
        let root = positive(&self.raw_root)?.maximum(LEAST_ROOT).during("computing a gain control")?;
        Ok(Numbers {
            smoothing: candle_nn::ops::sigmoid(&self.raw_smoothing).during("computing a gain control")?,
            alpha: positive(&self.raw_alpha)?,
            delta: positive(&self.raw_delta)?,
            root,
            eps: EPS,
        })
    }
}

/// Gaussians of `places` (1, K) of these deviations (F), each of sum 1: (F, K).
fn bells(places: &Tensor, deviations: &Tensor) -> candle_core::Result<Tensor> {
    let precision = deviations.sqr()?.recip()?.unsqueeze(1)?;
    let bell = (precision.broadcast_mul(&places.sqr()?)? * -0.5)?.exp()?;
    bell.broadcast_div(&bell.sum_keepdim(1)?)
}

/// x with ln(1 + e^x) = y.
fn before_softplus(y: f64) -> f64 {
    y + (-(-y).exp_m1()).ln()
}

impl Stage for Leaf {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.bank.init_state(batch, state)?;
        self.pool.init_state(batch, state)?;
        self.pcen.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let filters = self.filters().during("computing Gabor filters")?;
        let parts = self.bank.chunk(x, &filters, None, state)?;
        let magnitude = || -> candle_core::Result<Tensor> {
            let n = parts.dim(1)? / 2;
            let power = (parts.narrow(1, 0, n)?.sqr()? + parts.narrow(1, n, n)?.sqr()?)?;
            (power + SILENCE)?.sqrt()
        };
        let magnitude = magnitude().during("computing magnitudes")?;
        let average = self.log_width.exp().and_then(|widths| bells(&self.distances, &widths));
        let energy = self.pool.chunk(&magnitude, &average.during("computing averages")?, state)?;
        self.pcen.chunk(&energy, &self.gain_control()?, state)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{SampleRate, Seed, TimeBin};

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn first_values_are_the_published_ones() {
        let dt = TimeBin::from_millis(5.0).unwrap();
        let sampling = Sampling::new(SampleRate::new(16_000.0).unwrap(), dt).unwrap();
        let config = LeafConfig { n_bands: 8, ..LeafConfig::default() };
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let leaf = Leaf::new(&config, &sampling, (DType::F64, &Device::Cpu), &mut store.root()).unwrap();
        assert_eq!(store.n_trained(), 7 * 8);
        let omega = (kilomel::to_hertz(&leaf.center).unwrap() * (TAU / 16_000.0)).unwrap();
        let sigma = leaf.log_sigma.exp().unwrap();
        let published = [
            (omega, [0.02356, 0.14789, 0.32402, 0.57352, 0.92695, 1.42763, 2.13688, PI]),
            (sigma, [81.6798, 38.9664, 22.3844, 13.9656, 9.1113, 6.1051, 4.1606, 2.867]),
        ];
        for (ours, published) in published {
            let ours = ours.to_vec1::<f64>().unwrap();
            assert!(ours.iter().zip(published).all(|(a, b)| (a - b).abs() < 1e-4), "{ours:?}");
        }
        let numbers = leaf.gain_control().unwrap();
        let first = |t: &Tensor| t.to_vec1::<f64>().unwrap()[0];
        let found = [&numbers.smoothing, &numbers.alpha, &numbers.delta, &numbers.root].map(first);
        assert!(found.iter().zip([0.04, 0.96, 2.0, 0.5]).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    }
}
