//! A weighted sum of hidden units per neuron and bin, through an output curve.
//!
//! ```text
//! r[n,t] = curve_n(leak_n(sum_h W[n,h] x[h,t] + c[n]))
//! ```
//! In (B, H, T) or (B, T, H), out (B, N, T). Memory: the current frame, unbounded with a leak. Parameters: N (H + 1), or N H
//! without a bias c, the leak's N and the curve's.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, steps};

use super::readout::Readout;
use crate::{
    activations::{ActivationConfig, Nonlinearity},
    error::{During, Result, config_error},
    layers::leaky_integrator::{Leak, LeakConfig},
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

/// A weighted sum of hidden units per neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearReadoutConfig {
    /// How the neurons' drive leaks, as DNet's output units do. Default: not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<LeakConfig>,
    /// Whether each neuron has a bias. Default true; only before a double exponential, which has a shift, may it have none.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub bias: bool,
    /// The output curve. Default softplus.
    pub activation: ActivationConfig,
}

impl Default for LinearReadoutConfig {
    fn default() -> Self {
        Self { leak: None, bias: true, activation: ActivationConfig::softplus() }
    }
}

impl LinearReadoutConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.leak.as_ref().map_or(Ok(()), |leak| leak.validate(&format!("{field}.leak")))?;
        if !(self.bias || matches!(self.activation, ActivationConfig::DoubleExponential(_))) {
            let curve = self.activation.name();
            let expected =
                format!("true: only a double_exponential curve has a shift of its own, {curve} has not");
            return Err(config_error(&format!("{field}.bias"), false, expected));
        }
        self.activation.validate(axes, &format!("{field}.activation"))
    }
}

pub(crate) struct LinearReadout {
    weight: Tensor,
    bias: Option<Tensor>,
    leak: Option<Leak>,
    nonlinearity: Nonlinearity,
    /// How the input lies.
    layout: Layout,
}

impl LinearReadout {
    pub(crate) fn new(
        config: &LinearReadoutConfig,
        input: Units,
        axes: &Axes,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (hidden, n_neurons) = (input.n, axes.n_neurons);
        let init = Init::fan_in(hidden);
        let mut fc = scope.enter("fc");
        let weight = fc.parameter("weight", (n_neurons, hidden), init)?;
        let bias = config.bias.then(|| fc.parameter("bias", n_neurons, init)).transpose()?;
        let leak = config.leak.as_ref().map(|leak| Leak::new(leak, n_neurons, &mut scope.enter("leak")));
        let leak = leak.transpose()?;
        let nonlinearity = Nonlinearity::new(&config.activation, axes, &mut scope.enter("activation"))?;
        Ok(Self { weight, bias, leak, nonlinearity, layout: input.layout })
    }
}

impl Stage for LinearReadout {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.leak.as_ref().map_or(Ok(()), |leak| leak.init_state(batch, state))
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let drive = statenet_kernels::affine(
            x,
            self.layout,
            &self.weight,
            self.bias.as_ref(),
            Layout::ChannelsFirst,
        )?;
        match &self.leak {
            Some(leak) => leak.chunk(&drive, state),
            None => Ok(drive),
        }
    }

    fn memory(&self) -> Memory {
        if self.leak.is_some() { Memory::Unbounded } else { Memory::Frames(1) }
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> =
            vec![Box::new(steps::Affine::new(&self.weight, self.bias.as_ref())?)];
        if let Some(leak) = &self.leak {
            all.push(leak.step()?);
        }
        Ok(Some(all))
    }
}

impl Readout for LinearReadout {
    fn nonlinearity(&self) -> &Nonlinearity {
        &self.nonlinearity
    }

    fn receptive_fields_of(&self, units: &Tensor) -> Result<Option<Tensor>> {
        if self.leak.is_some() {
            return Ok(None);
        }
        let sum = || -> candle_core::Result<Tensor> {
            let (n, n_bands, lags) = units.dims3()?;
            let weight = self.weight.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
            weight.matmul(&units.reshape((n, n_bands * lags))?)?.reshape(((), n_bands, lags))
        };
        sum().during("summing receptive fields").map(Some)
    }

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        let Some(bias) = &self.bias else { return self.nonlinearity.init_without_drive(mean_rates) };
        let mut drives = self.nonlinearity.init_to_mean_rates(mean_rates)?;
        if let Some(leak) = &self.leak {
            drives.iter_mut().zip(leak.lasting()?).for_each(|(drive, lasting)| *drive /= lasting);
        }
        set_vector(bias, &drives)
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{activations::CurveConfig, model::mode::Mode, params::store::ParamStore};

    #[test]
    fn without_a_bias_the_curve_is_shifted_to_the_mean_rates() {
        let axes = Axes::new(1, 2, TimeBin::whole_millis::<5>());
        let activation = ActivationConfig::DoubleExponential(CurveConfig::default());
        let config = LinearReadoutConfig { leak: None, bias: false, activation };
        config.validate(&axes, "linear").unwrap();
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let readout =
            LinearReadout::new(&config, Units::channels_first(3), &axes, &mut store.root()).unwrap();
        assert_eq!(store.n_trained(), 2 * 3 + 2 * 4);
        readout.init_to_mean_rates(&[0.1, 2.0]).unwrap();
        let units = Tensor::zeros((1, 3, 1), DType::F64, &Device::Cpu).unwrap();
        let drives = readout.forward(&units, Mode::Eval).unwrap();
        let rates = readout.nonlinearity().chunk(&drives, &units, &mut State::new()).unwrap();
        let rates = rates.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        assert!((rates[0] - 0.1).abs() < 1e-9 && (rates[1] - 2.0).abs() < 1e-9, "{rates:?}");
    }

    #[test]
    fn a_readout_without_bias_needs_a_curve_with_a_shift() {
        let axes = Axes::new(1, 2, TimeBin::whole_millis::<5>());
        let config = LinearReadoutConfig { bias: false, ..LinearReadoutConfig::default() };
        assert_eq!(
            config.validate(&axes, "linear").unwrap_err().to_string(),
            "linear.bias is false, expected true: only a double_exponential curve has a shift of its own, softplus has not"
        );
    }
}
