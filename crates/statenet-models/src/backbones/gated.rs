//! What the gated recurrences share: the input's part of the gates, the states of a stream, single frames.
//!
//! ```text
//! u[., t]          = W_ih x[., t] + b_ih                      G gates of H units, made inside of the recurrence
//! h[., t], c[., t] = cell(u[., t] + W_hh h[., t-1] + b_hh, c[., t-1])
//! ```
//! In (B, I, T), out (B, H, T). Memory: unbounded. Before t = 0: zeros.
//! Parameters, under PyTorch's names: G H I + G H H + 2 G H, each uniform within 1 / sqrt(H).

use std::marker::PhantomData;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Layout, Step, modules::ModuleWeights, steps};

use crate::{
    error::{During, Result},
    init::Init,
    params::Scope,
    response_model::Memory,
    sizes::expect_size,
    stage::{Stage, as_it_lies},
    state::State,
};

/// Size of a gated recurrence: GRU, LSTM, Elman network or subLSTM.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatedConfig {
    /// Hidden units, at least 1. Default: as many as inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
}

impl GatedConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_size(&format!("{field}.hidden"), self.hidden.unwrap_or(1), 1)
    }
}

/// One kind of unit.
pub(crate) trait Cell: Send + Sync + 'static {
    /// Gates G.
    const GATES: usize;
    /// What is carried from bin to bin, each (B, H), the output first.
    const CARRIED: &'static [&'static str];

    /// All outputs (B, T, H) and what is carried on, from the input in a layout and what was carried here.
    fn run(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<(Tensor, Vec<Tensor>)>;

    /// What is carried on, alone.
    fn last(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<Vec<Tensor>>;

    /// One bin: gates (G H) in, outputs (H) out.
    fn step(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Box<dyn Step>>;
}

pub(crate) struct Gated<C> {
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    hidden: usize,
    carried: Vec<String>,
    cell: PhantomData<C>,
}

impl<C: Cell> Gated<C> {
    pub(crate) fn new(config: &GatedConfig, inputs: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let hidden = config.hidden.unwrap_or(inputs);
        let rows = C::GATES * hidden;
        let init = Init::fan_in(hidden);
        Ok(Self {
            weight_ih: scope.parameter("weight_ih_l0", (rows, inputs), init)?,
            weight_hh: scope.parameter("weight_hh_l0", (rows, hidden), init)?,
            bias_ih: scope.parameter("bias_ih_l0", rows, init)?,
            bias_hh: scope.parameter("bias_hh_l0", rows, init)?,
            hidden,
            carried: C::CARRIED.iter().map(|name| scope.name(name)).collect(),
            cell: PhantomData,
        })
    }
}

impl<C: Cell> Gated<C> {
    fn weights(&self) -> ModuleWeights<'_> {
        let Self { weight_ih, weight_hh, bias_ih, bias_hh, .. } = self;
        ModuleWeights { weight_ih, weight_hh, bias_ih, bias_hh }
    }

    /// What was carried here, for the streams of an input.
    fn carried(&self, x: &Tensor, state: &State) -> Result<Vec<Tensor>> {
        let batch = x.dim(0).during("reading a batch")?;
        self.carried.iter().map(|name| state.get(name, &[batch, self.hidden]).cloned()).collect()
    }

    /// Carries on.
    fn carry(&self, last: &[Tensor], state: &mut State) {
        for (name, last) in self.carried.iter().zip(last) {
            state.set(name, last);
        }
    }
}

impl<C: Cell> Stage for Gated<C> {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        for name in &self.carried {
            let (dtype, device) = (self.weight_hh.dtype(), self.weight_hh.device());
            state.set_zeros(name, &[batch, self.hidden], dtype, device)?;
        }
        Ok(())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (x, layout) = as_it_lies(x)?;
        let (states, last) = C::run(&x, layout, &self.weights(), &self.carried(&x, state)?)?;
        self.carry(&last, state);
        states.transpose(1, 2).during("turning states")
    }

    fn advance(&self, x: &Tensor, state: &mut State) -> Result<()> {
        let (x, layout) = as_it_lies(x)?;
        let last = C::last(&x, layout, &self.weights(), &self.carried(&x, state)?)?;
        self.carry(&last, state);
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let gates = steps::Affine::new(&self.weight_ih, Some(&self.bias_ih))?;
        Ok(Some(vec![Box::new(gates), C::step(&self.weight_hh, &self.bias_hh)?]))
    }
}
