//! Gated recurrent unit (Cho et al. 2014, with the reset gate inside as in PyTorch and cuDNN).
//!
//! ```text
//! r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
//! z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
//! n = tanh(W_in x + b_in + r * (W_hn h + b_hn))
//! h' = (1 - z) * n + z * h
//! ```
//! In (B, I, T), out (B, H, T). Memory: unbounded. Before t = 0: h = 0.
//! Parameters: 3 H I + 3 H H + 6 H, gates stacked in the order r, z, n.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{
    Layout, Step,
    modules::{self, ModuleWeights},
    steps,
};

use crate::{
    error::{During, Result, config_error},
    init::Init,
    mode::Mode,
    params::Scope,
    response_model::Memory,
    stage::Stage,
    state::State,
};

/// Gated recurrent unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GruConfig {
    /// Hidden units, at least 1. Default: as many as inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
}

impl GruConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        match self.hidden {
            Some(0) => Err(config_error(&format!("{field}.hidden"), 0, "1 or more")),
            _ => Ok(()),
        }
    }
}

pub(crate) struct Gru {
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    hidden: usize,
    state_name: String,
}

impl Gru {
    pub(crate) fn new(config: &GruConfig, inputs: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let hidden = config.hidden.unwrap_or(inputs);
        let init = Init::fan_in(hidden);
        Ok(Self {
            weight_ih: scope.parameter("weight_ih_l0", (3 * hidden, inputs), init)?,
            weight_hh: scope.parameter("weight_hh_l0", (3 * hidden, hidden), init)?,
            bias_ih: scope.parameter("bias_ih_l0", 3 * hidden, init)?,
            bias_hh: scope.parameter("bias_hh_l0", 3 * hidden, init)?,
            hidden,
            state_name: scope.name("h"),
        })
    }

    /// The sequence from a state: all states `(B, H, T)` and the last `(B, H)`.
    fn run(&self, x: &Tensor, h: &Tensor) -> Result<(Tensor, Tensor)> {
        let weights = ModuleWeights {
            weight_ih: &self.weight_ih,
            weight_hh: &self.weight_hh,
            bias_ih: &self.bias_ih,
            bias_hh: &self.bias_hh,
        };
        let (states, last) = modules::gru(x, Layout::ChannelsFirst, &weights, h)?;
        Ok((states.transpose(1, 2).during("turning states")?, last))
    }
}

impl Stage for Gru {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let h = Tensor::zeros((batch, self.hidden), x.dtype(), x.device()).during("making a state")?;
        Ok(self.run(x, &h)?.0)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let shape = [batch, self.hidden];
        state.set_zeros(&self.state_name, &shape, self.weight_hh.dtype(), self.weight_hh.device())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let h = state.get(&self.state_name, &[batch, self.hidden])?;
        let (states, last) = self.run(x, h)?;
        state.set(&self.state_name, &last);
        Ok(states)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let gates = steps::Affine::new(&self.weight_ih, Some(&self.bias_ih))?;
        let recurrence = steps::Gru::new(&self.weight_hh, &self.bias_hh)?;
        Ok(Some(vec![Box::new(gates), Box::new(recurrence)]))
    }
}
