//! A weighted sum of hidden units per neuron and bin, through an output curve.
//!
//! ```text
//! r[n,t] = curve_n(sum_h W[n,h] x[h,t] + c[n])
//! ```
//! In (B, H, T), out (B, N, T). Memory: the current frame. Parameters: N (H + 1) and the curve's.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Layout, Step, steps};

use super::Readout;
use crate::{
    activations::{self, Activation, ActivationConfig},
    error::Result,
    init::Init,
    mode::Mode,
    params::{Scope, set_vector},
    response_model::Memory,
    stage::{Stage, as_it_lies},
    state::State,
};

/// A weighted sum of hidden units per neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearReadoutConfig {
    /// The output curve. Default softplus.
    pub activation: ActivationConfig,
}

impl Default for LinearReadoutConfig {
    fn default() -> Self {
        Self { activation: ActivationConfig::softplus() }
    }
}

pub(crate) struct LinearReadout {
    weight: Tensor,
    bias: Tensor,
    activation: Box<dyn Activation>,
}

impl LinearReadout {
    pub(crate) fn new(
        config: &LinearReadoutConfig,
        hidden: usize,
        n_neurons: usize,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let init = Init::fan_in(hidden);
        let mut fc = scope.enter("fc");
        let weight = fc.parameter("weight", (n_neurons, hidden), init)?;
        let bias = fc.parameter("bias", n_neurons, init)?;
        let activation = activations::build(&config.activation, n_neurons, &mut scope.enter("activation"))?;
        Ok(Self { weight, bias, activation })
    }

    fn read(&self, x: &Tensor) -> Result<Tensor> {
        let (x, from) = as_it_lies(x)?;
        let drive =
            statenet_kernels::affine(&x, from, &self.weight, Some(&self.bias), Layout::ChannelsFirst)?;
        self.activation.apply(&drive)
    }
}

impl Stage for LinearReadout {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        self.read(x)
    }

    fn init_state(&self, _batch: usize, _state: &mut State) -> Result<()> {
        Ok(())
    }

    fn chunk(&self, x: &Tensor, _state: &mut State) -> Result<Tensor> {
        self.read(x)
    }

    fn memory(&self) -> Memory {
        Memory::Frames(1)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all: Vec<Box<dyn Step>> = vec![Box::new(steps::Affine::new(&self.weight, Some(&self.bias))?)];
        all.extend(self.activation.step()?);
        Ok(Some(all))
    }
}

impl Readout for LinearReadout {
    fn start_at(&self, mean_rates: &[f64]) -> Result<()> {
        set_vector(&self.bias, &self.activation.start_at(mean_rates)?)
    }
}
