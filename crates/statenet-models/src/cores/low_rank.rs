//! A low-rank receptive field shared by all neurons: a few spectral filters, each through a temporal filter of its own
//! (Thorson, Liénard & David 2015; Pennington & David 2023).
//!
//! ```text
//! u[r,t] = sum_k v[r,k] sum_{c,f} w[r,c,f] x[c,f,t-(K-1)+k]        r < R
//! ```
//! In (B, C, F, T), out (B, R, T). Memory: K frames. Before t = 0: frames of zeros. Parameters: R (C F + K). Behind it a weighted
//! sum gives each neuron a receptive field of rank R at most. Starts uniform within sqrt(6 / C F) and sqrt(6 / K) / 2.
//!
//! Pennington JR, David SV (2023). A convolutional neural network provides a generalizable model of natural sound
//! coding by neural populations in auditory cortex. PLoS Computational Biology 19:e1011110.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_kernels::{Step, steps};

use crate::{
    config::limits::expect_size,
    error::{During, Result},
    layers::window::Window,
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::{init::Init, store::Scope},
};

/// Spectral filters, each through a temporal filter of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowRankConfig {
    /// Filters R, at least 1. Default 12.
    pub rank: usize,
    /// Frames that they span, the current one included; at least 1. Default 40.
    pub lags: usize,
}

impl Default for LowRankConfig {
    fn default() -> Self {
        Self { rank: 12, lags: 40 }
    }
}

impl LowRankConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_size(&format!("{field}.rank"), self.rank, 1)?;
        expect_size(&format!("{field}.lags"), self.lags, 1)
    }

    pub(crate) fn slug(&self) -> String {
        format!("low-rank{}-t{}", self.rank, self.lags)
    }
}

/// The filters, with or without a bias for each.
pub(crate) struct LowRank {
    /// (R, C F, 1)
    spectral: Tensor,
    /// (R, 1, K)
    temporal: Tensor,
    bias: Option<Tensor>,
    /// C, F and K.
    span: (usize, usize, usize),
    window: Window,
}

impl LowRank {
    pub(crate) fn new(config: &LowRankConfig, input: (usize, usize), scope: &mut Scope<'_>) -> Result<Self> {
        Self::with_bias(config, input, None, scope)
    }

    /// The same with a bias for each filter, that starts so.
    pub(super) fn with_bias(
        config: &LowRankConfig,
        (channels, n_bands): (usize, usize),
        bias: Option<Init>,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (rank, lags) = (config.rank, config.lags);
        let within = |n: usize| (6.0 / n as f64).sqrt();
        let n = channels * n_bands;
        Ok(Self {
            spectral: scope.parameter("spectral", (rank, n, 1), Init::within(within(n)))?,
            temporal: scope.parameter("temporal", (rank, 1, lags), Init::within(within(lags) / 2.0))?,
            bias: bias.map(|init| scope.parameter("bias", rank, init)).transpose()?,
            span: (channels, n_bands, lags),
            window: Window::new(scope.name("context"), &[channels, n_bands, lags - 1], 3),
        })
    }

    /// (R, C, F, K)
    fn weight(&self) -> Result<Tensor> {
        let (channels, n_bands, lags) = self.span;
        let product = self.spectral.broadcast_mul(&self.temporal);
        product.and_then(|w| w.reshape(((), channels, n_bands, lags))).during("computing receptive fields")
    }

    fn run(&self, x: &Tensor, context: Option<&Tensor>) -> Result<Tensor> {
        Ok(statenet_kernels::causal_strf(x, &self.weight()?, self.bias.as_ref(), context)?)
    }

    pub(super) fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::CausalStrf::new(&self.weight()?, self.bias.as_ref())?))
    }
}

impl Stage for LowRank {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        self.run(x, None)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.window.init_state(batch, (self.spectral.dtype(), self.spectral.device()), state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let before = self.window.bins(x.dim(0).during("reading a batch")?, state)?;
        let y = self.run(x, before.as_ref())?;
        self.window.advance(before.as_ref(), x, state)?;
        Ok(y)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(self.span.2)
    }

    fn unit_fields(&self) -> Result<Option<Tensor>> {
        let summed = self.weight()?.detach().sum(1);
        let fields = summed.and_then(|w| w.to_device(&Device::Cpu)?.to_dtype(DType::F64));
        fields.during("summing the channels of receptive fields").map(Some)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        Ok(Some(vec![self.step()?]))
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn each_filter_is_a_product_of_a_spectral_and_a_temporal_one() {
        let cpu = &Device::Cpu;
        let mut store = ParamStore::new(Seed::new(0), DType::F64, cpu);
        let config = LowRankConfig { rank: 2, lags: 2 };
        let core = LowRank::new(&config, (1, 2), &mut store.root()).unwrap();
        let values = [
            ("spectral", Tensor::new(&[[[1f64], [10.0]], [[2.0], [0.0]]], cpu).unwrap()),
            ("temporal", Tensor::new(&[[[3f64, 1.0]], [[0.0, 5.0]]], cpu).unwrap()),
        ];
        store.load(&values.map(|(name, value)| (name.to_owned(), value)).into(), "test").unwrap();
        let x = Tensor::new(&[[[[1f64, 0.0], [0.0, 1.0]]]], cpu).unwrap();
        let y = core.forward(&x, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f64>().unwrap();
        // First filter: 1, then 3 x 1 + 10; the second sees the first band only.
        assert_eq!(y, [[1.0, 13.0], [10.0, 0.0]]);
    }
}
