//! A weighted sum of hidden units per neuron and bin, through an output curve.
//!
//! ```text
//! r[n,t] = curve_n(leak_n(sum_h W[n,h] x[h,t] + c[n]))
//! ```
//! In (B, H, T) or (B, T, H), out (B, N, T). Memory: the current frame, unbounded with a leak. Parameters: N (H + 1), the leak's N
//! and the curve's.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::{Layout, Step, steps};

use super::readout::Readout;
use crate::{
    activations::{ActivationConfig, Nonlinearity},
    error::Result,
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
    /// The output curve. Default softplus.
    pub activation: ActivationConfig,
}

impl Default for LinearReadoutConfig {
    fn default() -> Self {
        Self { leak: None, activation: ActivationConfig::softplus() }
    }
}

impl LinearReadoutConfig {
    pub(super) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        self.leak.as_ref().map_or(Ok(()), |leak| leak.validate(&format!("{field}.leak")))?;
        self.activation.validate(axes, &format!("{field}.activation"))
    }
}

pub(crate) struct LinearReadout {
    weight: Tensor,
    bias: Tensor,
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
        let bias = fc.parameter("bias", n_neurons, init)?;
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
        let drive =
            statenet_kernels::affine(x, self.layout, &self.weight, Some(&self.bias), Layout::ChannelsFirst)?;
        match &self.leak {
            Some(leak) => leak.chunk(&drive, state),
            None => Ok(drive),
        }
    }

    fn memory(&self) -> Memory {
        if self.leak.is_some() { Memory::Unbounded } else { Memory::Frames(1) }
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> = vec![Box::new(steps::Affine::new(&self.weight, Some(&self.bias))?)];
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

    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()> {
        let mut drives = self.nonlinearity.init_to_mean_rates(mean_rates)?;
        if let Some(leak) = &self.leak {
            drives.iter_mut().zip(leak.lasting()?).for_each(|(drive, lasting)| *drive /= lasting);
        }
        set_vector(&self.bias, &drives)
    }
}
