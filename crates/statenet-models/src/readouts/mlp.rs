//! A layer of hidden units of its own, then a weighted sum of them per neuron and bin, through an output curve.
//!
//! ```text
//! z[j,t] = lrelu(sum_h V[j,h] x[h,t] + b[j])        lrelu(x) = max(x, x/10)
//! r[n,t] = curve_n(sum_j W[n,j] z[j,t] + c[n])
//! ```
//! In (B, H, T) or (B, T, H), out (B, N, T). Memory: the current frame. Parameters: J (H + 1) + N (J + 1) and the curve's; V is shared
//! between neurons. The published models' readout with `hidden` given (Rançon et al. 2025).

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, affine, affine_then, steps};

use super::readout::Readout;
use crate::{
    activations::{ActivationConfig, Nonlinearity},
    config::limits::expect_size,
    error::Result,
    layers::leaky_relu::{self, LEAKY_RELU},
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

/// Hidden units, then a weighted sum of them per neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpReadoutConfig {
    /// Hidden units J, at least 1. Default 20.
    pub hidden: usize,
    /// The output curve. Default softplus.
    pub activation: ActivationConfig,
}

impl Default for MlpReadoutConfig {
    fn default() -> Self {
        Self { hidden: 20, activation: ActivationConfig::softplus() }
    }
}

impl MlpReadoutConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        expect_size(&format!("{field}.hidden"), self.hidden, 1)?;
        self.activation.validate(axes, &format!("{field}.activation"))
    }
}

pub(super) struct MlpReadout {
    hidden_weight: Tensor,
    hidden_bias: Tensor,
    weight: Tensor,
    bias: Tensor,
    nonlinearity: Nonlinearity,
    /// How the input lies.
    layout: Layout,
}

impl MlpReadout {
    pub(super) fn new(
        config: &MlpReadoutConfig,
        input: Units,
        axes: &Axes,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let inputs = input.n;
        let init = Init::fan_in(inputs);
        let mut hidden = scope.enter("hidden");
        let hidden_weight = hidden.parameter("weight", (config.hidden, inputs), init)?;
        let hidden_bias = hidden.parameter("bias", config.hidden, init)?;
        let init = Init::fan_in(config.hidden);
        let mut fc = scope.enter("fc");
        let weight = fc.parameter("weight", (axes.n_neurons, config.hidden), init)?;
        let bias = fc.parameter("bias", axes.n_neurons, init)?;
        let nonlinearity = Nonlinearity::new(&config.activation, axes, &mut scope.enter("activation"))?;
        Ok(Self { hidden_weight, hidden_bias, weight, bias, nonlinearity, layout: input.layout })
    }
}

impl Stage for MlpReadout {
    fn init_state(&self, _batch: usize, _state: &mut State) -> Result<()> {
        Ok(())
    }

    fn chunk(&self, x: &Tensor, _state: &mut State) -> Result<Tensor> {
        let (from, to) = (self.layout, Layout::ChannelsFirst);
        let bias = Some(&self.hidden_bias);
        let hidden = affine_then(x, from, &self.hidden_weight, bias, to, LEAKY_RELU)?;
        Ok(affine(&hidden, to, &self.weight, Some(&self.bias), to)?)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(1)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let hidden = steps::Affine::new(&self.hidden_weight, Some(&self.hidden_bias))?;
        let rectify = leaky_relu::step(hidden.n_outputs());
        let sum = steps::Affine::new(&self.weight, Some(&self.bias))?;
        Ok(Some(vec![Box::new(hidden), rectify, Box::new(sum)]))
    }
}

impl Readout for MlpReadout {
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
    fn hidden_units_are_rectified_and_summed() {
        let axes = Axes::new(1, 1, TimeBin::from_millis(5.0).unwrap());
        let config = MlpReadoutConfig { hidden: 2, activation: ActivationConfig::Identity };
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let readout = MlpReadout::new(&config, Units::channels_first(1), &axes, &mut store.root()).unwrap();
        let matrix =
            |values: &[f64], shape: (usize, usize)| Tensor::from_slice(values, shape, &Device::Cpu).unwrap();
        let vector = |values: &[f64]| Tensor::new(values, &Device::Cpu).unwrap();
        let values = [
            ("hidden.weight", matrix(&[1.0, -1.0], (2, 1))),
            ("hidden.bias", vector(&[0.0, 1.0])),
            ("fc.weight", matrix(&[1.0, 10.0], (1, 2))),
            ("fc.bias", vector(&[0.5])),
        ];
        store.load(&values.map(|(name, value)| (name.to_owned(), value)).into(), "test").unwrap();
        let x = Tensor::new(&[[[2f64, -3.0]]], &Device::Cpu).unwrap();
        let y = readout.forward(&x, Mode::Eval).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        // 2 + 10 (-1/10) + 1/2 and -3/10 + 10 * 4 + 1/2.
        assert!((y[0] - 1.5).abs() < 1e-12 && (y[1] - 40.2).abs() < 1e-12, "{y:?}");
    }
}
