//! A weighted sum of hidden units per neuron whose weights are a product of two thin matrices: neurons share a few
//! patterns over the units, each with weights of its own (as in reduced-rank regression, Izenman 1975).
//!
//! ```text
//! r[n,t] = curve_n(sum_j U[n,j] sum_h V[j,h] x[h,t] + c[n])        j < R
//! ```
//! In (B, H, T) or (B, T, H), out (B, N, T). Memory: the current frame. Parameters: R (H + N) + N and the curve's, against N (H + 1) of
//! a free sum: fewer where R is below H N / (H + N).

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, affine, steps};

use super::readout::Readout;
use crate::{
    activations::{ActivationConfig, Nonlinearity},
    config::limits::expect_size,
    error::Result,
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::{
        init::Init,
        store::{Scope, set_vector},
    },
};

/// A weighted sum of a few shared patterns per neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactorizedReadoutConfig {
    /// Patterns R, at least 1. Default 8.
    pub rank: usize,
    /// The output curve. Default softplus.
    pub activation: ActivationConfig,
}

impl Default for FactorizedReadoutConfig {
    fn default() -> Self {
        Self { rank: 8, activation: ActivationConfig::softplus() }
    }
}

impl FactorizedReadoutConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        expect_size(&format!("{field}.rank"), self.rank, 1)?;
        self.activation.validate(axes, &format!("{field}.activation"))
    }
}

pub(super) struct FactorizedReadout {
    patterns: Tensor,
    weight: Tensor,
    bias: Tensor,
    nonlinearity: Nonlinearity,
    /// How the input lies.
    layout: Layout,
}

impl FactorizedReadout {
    pub(super) fn new(
        config: &FactorizedReadoutConfig,
        input: Units,
        axes: &Axes,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let inputs = input.n;
        let patterns =
            scope.enter("patterns").parameter("weight", (config.rank, inputs), Init::fan_in(inputs))?;
        let mut fc = scope.enter("fc");
        let weight = fc.parameter("weight", (axes.n_neurons, config.rank), Init::fan_in(config.rank))?;
        let bias = fc.parameter("bias", axes.n_neurons, Init::fan_in(inputs))?;
        let nonlinearity = Nonlinearity::new(&config.activation, axes, &mut scope.enter("activation"))?;
        Ok(Self { patterns, weight, bias, nonlinearity, layout: input.layout })
    }
}

impl Stage for FactorizedReadout {
    fn init_state(&self, _batch: usize, _state: &mut State) -> Result<()> {
        Ok(())
    }

    fn chunk(&self, x: &Tensor, _state: &mut State) -> Result<Tensor> {
        let (from, to) = (self.layout, Layout::ChannelsFirst);
        let patterns = affine(x, from, &self.patterns, None, to)?;
        Ok(affine(&patterns, to, &self.weight, Some(&self.bias), to)?)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(1)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let patterns = steps::Affine::new(&self.patterns, None)?;
        let sum = steps::Affine::new(&self.weight, Some(&self.bias))?;
        Ok(Some(vec![Box::new(patterns), Box::new(sum)]))
    }
}

impl Readout for FactorizedReadout {
    fn nonlinearity(&self) -> &Nonlinearity {
        &self.nonlinearity
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        set_vector(&self.bias, &self.nonlinearity.init_to_mean_rates(mean_rates)?)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{model::mode::Mode, params::store::ParamStore};

    #[test]
    fn thin_matrices_are_a_free_sum_of_their_product_with_fewer_numbers() {
        let (inputs, rank, n) = (30, 2, 20);
        let axes = Axes::new(1, n, TimeBin::from_millis(5.0).unwrap());
        let config = FactorizedReadoutConfig { rank, activation: ActivationConfig::Identity };
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let readout =
            FactorizedReadout::new(&config, Units::channels_first(inputs), &axes, &mut store.root()).unwrap();
        assert_eq!(store.n_trained(), rank * (inputs + n) + n);
        assert!(store.n_trained() < n * (inputs + 1));
        let x: Vec<f64> = (0..inputs * 3).map(|i| (i as f64).cos()).collect();
        let x = Tensor::from_vec(x, (1, inputs, 3), &Device::Cpu).unwrap();
        let whole = readout.weight.matmul(&readout.patterns).unwrap();
        let layout = Layout::ChannelsFirst;
        let expected = affine(&x, layout, &whole, Some(&readout.bias), layout).unwrap();
        let apart = (readout.forward(&x, Mode::Eval).unwrap() - expected).unwrap().abs().unwrap();
        assert!(apart.flatten_all().unwrap().max(0).unwrap().to_scalar::<f64>().unwrap() < 1e-12);
    }
}
