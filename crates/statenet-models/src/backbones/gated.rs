//! Gated recurrences: GRU, LSTM, subtractive-gated LSTM and Elman network, whose equations [`GatedCell`] has.
//!
//! ```text
//! u[., t]          = W_ih x[., t] + b_ih                      G gates of H units, computed inside the recurrence
//! h[., t], c[., t] = cell(u[., t], W_hh h[., t-1] + b_hh, c[., t-1])
//! ```
//! In (B, I, T) or (B, T, I), out (B, T, H). Memory: unbounded. Before t = 0: zeros.
//! Parameters, under PyTorch's names: G H I + G H H + 2 G H, each uniform within 1 / sqrt(H). With `chrono`:
//! ```text
//! b_ih of the forget gate = ln tau,   of the input gate = -ln tau        tau uniform on [1, chrono) bins
//! ```
//! Units then start with time constants from 2 to chrono + 1 bins, where all start with about 2 otherwise, so that the fit
//! need not find the slow ones.
//!
//! Cho K et al. (2014). Learning phrase representations using RNN encoder-decoder. EMNLP.
//! Costa RP, Assael YM, Shillingford B, de Freitas N, Vogels TP (2017). Cortical microcircuits as gated-recurrent neural
//! networks. NeurIPS 30.
//! Elman JL (1990). Finding structure in time. Cognitive Science 14:179-211.
//! Gers FA, Schmidhuber J, Cummins F (2000). Learning to forget. Neural Computation 12:2451-2471.
//! Hochreiter S, Schmidhuber J (1997). Long short-term memory. Neural Computation 9:1735-1780.
//! Tallec C, Ollivier Y (2018). Can recurrent neural networks warp time? ICLR.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::RandomStream;
use statenet_kernels::{GatedCell, GatedWeights, Layout, Step, gated_layer, gated_layer_last, steps};

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

/// What two gates of a cell do, by their place among its gates.
#[derive(Clone, Copy)]
struct Gates {
    /// Keeps the state where it is open.
    forget_gate: Option<usize>,
    /// Lets the input in, where that is another gate.
    input_gate: Option<usize>,
}

/// In the order of [`GatedCell`]: r, z, n; i, f, g, o; i, f, z, o; one sum without a gate.
const fn gates_of(cell: GatedCell) -> Gates {
    match cell {
        GatedCell::Gru => Gates { forget_gate: Some(1), input_gate: None },
        GatedCell::Lstm | GatedCell::SubLstm => Gates { forget_gate: Some(1), input_gate: Some(0) },
        GatedCell::Elman => Gates { forget_gate: None, input_gate: None },
    }
}

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
    pub(crate) fn validate(&self, cell: GatedCell, field: &str) -> Result<()> {
        expect_size(&format!("{field}.hidden"), self.hidden.unwrap_or(1), 1)?;
        match self.chrono {
            None => Ok(()),
            Some(chrono) if gates_of(cell).forget_gate.is_none() => {
                let expected = "none: its units have no forget gate";
                Err(config_error(&format!("{field}.chrono"), chrono, expected))
            }
            Some(chrono) if chrono.is_finite() && chrono > 1.0 => Ok(()),
            Some(chrono) => Err(config_error(&format!("{field}.chrono"), chrono, "a number of bins above 1")),
        }
    }
}

pub(crate) struct Gated {
    cell: GatedCell,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor,
    bias_hh: Tensor,
    hidden: usize,
    /// How the input lies.
    layout: Layout,
    carried: Vec<String>,
}

impl Gated {
    pub(crate) fn new(
        cell: GatedCell,
        config: &GatedConfig,
        input: Units,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let Units { n: inputs, layout } = input;
        let hidden = config.hidden.unwrap_or(inputs);
        let rows = cell.n_gates() * hidden;
        let init = Init::fan_in(hidden);
        Ok(Self {
            cell,
            weight_ih: scope.parameter("weight_ih_l0", (rows, inputs), init)?,
            weight_hh: scope.parameter("weight_hh_l0", (rows, hidden), init)?,
            bias_ih: match config.chrono {
                None => scope.parameter("bias_ih_l0", rows, init)?,
                Some(longest) => scope
                    .parameter_with("bias_ih_l0", rows, |stream| chrono(cell, hidden, longest, stream))?,
            },
            bias_hh: scope.parameter("bias_hh_l0", rows, init)?,
            hidden,
            layout,
            carried: cell.carried().iter().map(|name| scope.name(name)).collect(),
        })
    }
}

/// First values of the input's biases that spread the units' time constants up to `longest` bins.
fn chrono(cell: GatedCell, hidden: usize, longest: f64, stream: &mut RandomStream) -> Vec<f64> {
    let bound = 1.0 / (hidden as f64).sqrt();
    let mut biases: Vec<f64> = (0..cell.n_gates() * hidden).map(|_| stream.uniform(-bound, bound)).collect();
    let Gates { forget_gate, input_gate } = gates_of(cell);
    for unit in 0..hidden {
        let tau = stream.uniform(1.0, longest);
        for (gate, sign) in [(forget_gate, 1.0), (input_gate, -1.0)] {
            if let Some(bias) = gate.and_then(|gate| biases.get_mut(gate * hidden + unit)) {
                *bias = sign * tau.ln();
            }
        }
    }
    biases
}

impl Gated {
    fn weights(&self) -> GatedWeights<'_> {
        let Self { weight_ih, weight_hh, bias_ih, bias_hh, .. } = self;
        GatedWeights { weight_ih, weight_hh, bias_ih, bias_hh }
    }

    /// What the chunks before left, for the streams of an input.
    fn carried(&self, x: &Tensor, state: &State) -> Result<Vec<Tensor>> {
        let batch = x.dim(0).during("reading a batch")?;
        self.carried.iter().map(|name| state.get(name, &[batch, self.hidden]).cloned()).collect()
    }

    /// Leaves to the next chunk what was carried out of this one.
    fn carry(&self, last: &[Tensor], state: &mut State) {
        for (name, last) in self.carried.iter().zip(last) {
            state.set(name, last);
        }
    }
}

impl Stage for Gated {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        for name in &self.carried {
            let (dtype, device) = (self.weight_hh.dtype(), self.weight_hh.device());
            state.set_zeros(name, &[batch, self.hidden], dtype, device)?;
        }
        Ok(())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (states, last) =
            gated_layer(self.cell, x, self.layout, &self.weights(), &self.carried(x, state)?)?;
        self.carry(&last, state);
        Ok(states)
    }

    fn advance(&self, x: &Tensor, state: &mut State) -> Result<()> {
        let last = gated_layer_last(self.cell, x, self.layout, &self.weights(), &self.carried(x, state)?)?;
        self.carry(&last, state);
        Ok(())
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let gates = steps::Affine::new(&self.weight_ih, Some(&self.bias_ih))?;
        let recurrence = steps::GatedRecurrence::new(self.cell, &self.weight_hh, &self.bias_hh)?;
        Ok(Some(vec![Box::new(gates), Box::new(recurrence)]))
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
    fn forget_gates_start_apart_and_the_others_as_without_chrono() {
        let with = |chrono| GatedConfig { hidden: Some(40), chrono };
        let (plain, chrono) =
            (biases(with(None), BackboneConfig::Gru), biases(with(Some(100.0)), BackboneConfig::Gru));
        assert_eq!((&plain[..40], &plain[80..]), (&chrono[..40], &chrono[80..]));
        let taus: Vec<f32> = chrono[40..80].iter().map(|b| b.exp()).collect();
        assert!(taus.iter().all(|tau| (1.0..100.0).contains(tau)), "{taus:?}");
        assert!(taus.iter().any(|tau| *tau > 80.0) && taus.iter().any(|tau| *tau < 20.0), "{taus:?}");

        let lstm = biases(with(Some(100.0)), BackboneConfig::Lstm);
        assert!(lstm[..40].iter().zip(&lstm[40..80]).all(|(input, forget)| *input == -forget));
    }

    #[test]
    fn a_chrono_that_no_unit_can_have_is_refused() {
        let axes = Axes::new(34, 1, TimeBin::whole_millis::<5>());
        let message = |chrono: f64, backbone: fn(GatedConfig) -> BackboneConfig| {
            let gated = GatedConfig { hidden: None, chrono: Some(chrono) };
            let built = zoo::statenet(&axes, backbone(gated)).build(Seed::new(0), &Device::Cpu);
            built.err().unwrap().to_string()
        };
        let text = message(100.0, BackboneConfig::Rnn);
        assert!(text.contains("rnn.chrono") && text.contains("no forget gate"), "{text}");
        let text = message(1.0, BackboneConfig::Gru);
        assert!(text.contains("gru.chrono") && text.contains("a number of bins above 1"), "{text}");
    }
}
