//! What the gated recurrences share: the input's part of the gates, the states of a stream, single frames.
//!
//! ```text
//! u[., t]          = W_ih x[., t] + b_ih                      G gates of H units, made inside of the recurrence
//! h[., t], c[., t] = cell(u[., t] + W_hh h[., t-1] + b_hh, c[., t-1])
//! ```
//! In (B, I, T) or (B, T, I), out (B, T, H). Memory: unbounded. Before t = 0: zeros.
//! Parameters, under PyTorch's names: G H I + G H H + 2 G H, each uniform within 1 / sqrt(H). With `chrono`:
//! ```text
//! b_ih of the gate that keeps = ln tau,   of the one that lets in = -ln tau        tau uniform on [1, chrono) bins
//! ```
//! Units then start with time constants of 2 to chrono + 1 bins, where all start with about 2 otherwise, and slow ones need not
//! be found by the fit.
//!
//! Tallec C, Ollivier Y (2018). Can recurrent neural networks warp time? ICLR.

use std::marker::PhantomData;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Stream;
use statenet_kernels::{Layout, Step, modules::ModuleWeights, steps};

use crate::{
    config::limits::expect_size,
    error::{During, Result, config_error},
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::{init::Init, store::Scope},
};

/// Size of a gated recurrence: GRU, LSTM, Elman network or subLSTM.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatedConfig {
    /// Hidden units, at least 1. Default: as many as inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Bins of the slowest unit before a fit, above 1. Default none: all units start alike, as PyTorch's do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chrono: Option<f64>,
}

impl GatedConfig {
    pub(crate) fn validate<C: Cell>(&self, field: &str) -> Result<()> {
        expect_size(&format!("{field}.hidden"), self.hidden.unwrap_or(1), 1)?;
        match self.chrono {
            None => Ok(()),
            Some(chrono) if C::KEEPS.is_none() => {
                let expected = "none: its units have no gate that keeps";
                Err(config_error(&format!("{field}.chrono"), chrono, expected))
            }
            Some(chrono) if chrono.is_finite() && chrono > 1.0 => Ok(()),
            Some(chrono) => Err(config_error(&format!("{field}.chrono"), chrono, "a number of bins above 1")),
        }
    }
}

/// One kind of unit.
pub(crate) trait Cell: Send + Sync + 'static {
    /// Gates G.
    const GATES: usize;
    /// The gate that keeps the state where it is open.
    const KEEPS: Option<usize>;
    /// The gate that lets the input in, where that is another.
    const LETS_IN: Option<usize>;
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
    /// How the input lies.
    layout: Layout,
    carried: Vec<String>,
    cell: PhantomData<C>,
}

impl<C: Cell> Gated<C> {
    pub(crate) fn new(config: &GatedConfig, input: Units, scope: &mut Scope<'_>) -> Result<Self> {
        let Units { n: inputs, layout } = input;
        let hidden = config.hidden.unwrap_or(inputs);
        let rows = C::GATES * hidden;
        let init = Init::fan_in(hidden);
        Ok(Self {
            weight_ih: scope.parameter("weight_ih_l0", (rows, inputs), init)?,
            weight_hh: scope.parameter("weight_hh_l0", (rows, hidden), init)?,
            bias_ih: match config.chrono {
                None => scope.parameter("bias_ih_l0", rows, init)?,
                Some(longest) => {
                    scope.parameter_with("bias_ih_l0", rows, |stream| chrono::<C>(hidden, longest, stream))?
                }
            },
            bias_hh: scope.parameter("bias_hh_l0", rows, init)?,
            hidden,
            layout,
            carried: C::CARRIED.iter().map(|name| scope.name(name)).collect(),
            cell: PhantomData,
        })
    }
}

/// First values of the input's biases, in whose gates some keep for long.
fn chrono<C: Cell>(hidden: usize, longest: f64, stream: &mut Stream) -> Vec<f64> {
    let bound = 1.0 / (hidden as f64).sqrt();
    let mut biases: Vec<f64> = (0..C::GATES * hidden).map(|_| stream.uniform(-bound, bound)).collect();
    for unit in 0..hidden {
        let tau = stream.uniform(1.0, longest);
        for (gate, sign) in [(C::KEEPS, 1.0), (C::LETS_IN, -1.0)] {
            if let Some(bias) = gate.and_then(|gate| biases.get_mut(gate * hidden + unit)) {
                *bias = sign * tau.ln();
            }
        }
    }
    biases
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
        let (states, last) = C::run(x, self.layout, &self.weights(), &self.carried(x, state)?)?;
        self.carry(&last, state);
        Ok(states)
    }

    fn advance(&self, x: &Tensor, state: &mut State) -> Result<()> {
        let last = C::last(x, self.layout, &self.weights(), &self.carried(x, state)?)?;
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

#[cfg(test)]
mod tests {
    use candle_core::Device;
    use statenet_core::{Axes, Seed, TimeBin};

    use super::*;
    use crate::{backbones::BackboneConfig, zoo};

    fn biases(gated: GatedConfig, backbone: fn(GatedConfig) -> BackboneConfig) -> Vec<f32> {
        let axes = Axes::new(34, 1, TimeBin::whole_millis::<5>());
        let model = zoo::statenet(&axes, backbone(gated)).build(Seed::new(3), &Device::Cpu).unwrap();
        model.params().get("core.backbone.bias_ih_l0").unwrap().var.to_vec1().unwrap()
    }

    #[test]
    fn gates_that_keep_start_apart_and_the_others_as_ever() {
        let with = |chrono| GatedConfig { hidden: Some(40), chrono };
        let (plain, chrono) =
            (biases(with(None), BackboneConfig::Gru), biases(with(Some(100.0)), BackboneConfig::Gru));
        assert_eq!((&plain[..40], &plain[80..]), (&chrono[..40], &chrono[80..]));
        let taus: Vec<f32> = chrono[40..80].iter().map(|b| b.exp()).collect();
        assert!(taus.iter().all(|tau| (1.0..100.0).contains(tau)), "{taus:?}");
        assert!(taus.iter().any(|tau| *tau > 80.0) && taus.iter().any(|tau| *tau < 20.0), "{taus:?}");

        let lstm = biases(with(Some(100.0)), BackboneConfig::Lstm);
        assert!(lstm[..40].iter().zip(&lstm[40..80]).all(|(lets_in, keeps)| *lets_in == -keeps));
    }

    #[test]
    fn a_start_that_cannot_be_is_refused() {
        let axes = Axes::new(34, 1, TimeBin::whole_millis::<5>());
        let message = |chrono: f64, backbone: fn(GatedConfig) -> BackboneConfig| {
            let gated = GatedConfig { hidden: None, chrono: Some(chrono) };
            let built = zoo::statenet(&axes, backbone(gated)).build(Seed::new(0), &Device::Cpu);
            built.err().unwrap().to_string()
        };
        let text = message(100.0, BackboneConfig::Rnn);
        assert!(text.contains("rnn.chrono") && text.contains("no gate that keeps"), "{text}");
        let text = message(1.0, BackboneConfig::Gru);
        assert!(text.contains("gru.chrono") && text.contains("a number of bins above 1"), "{text}");
    }
}
