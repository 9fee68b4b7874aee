//! Recurrences, forward and backward: alone, with the matrix product that computes their gates (as PyTorch's modules do), and
//! at widths whose lower bound on time is known.

use std::hint::black_box;

use candle_core::{DType, Device, Tensor, Var};
use statenet::kernels::{self, GatedCell, GatedWeights, Layout};
use statenet_benches::{N_BINS, normal};

use crate::bench::{BATCHES, Bench};

/// Number of hidden units of StateNet for NS1.
pub(crate) const HIDDEN: usize = 70;
/// Widths that are compared with their lower bound.
pub(crate) const WIDTHS: [usize; 3] = [64, 128, 256];

/// The cells by the names of PyTorch's modules.
const GATED: [(&str, GatedCell); 4] = [
    ("GRU", GatedCell::Gru),
    ("LSTM", GatedCell::Lstm),
    ("RNN", GatedCell::Elman),
    ("subLSTM", GatedCell::SubLstm),
];

/// The inputs of a gated recurrence; all but the initial state get gradients.
struct Operands {
    cell: GatedCell,
    gates: Tensor,
    weight: Tensor,
    bias: Tensor,
    /// Zeros for h and, where there is one, c.
    first: Vec<Tensor>,
    /// Zeros and ones, (B, T, H): the mean square of the states is their masked squared distance.
    target: Tensor,
    mask: Tensor,
}

impl Operands {
    fn new(cell: GatedCell, batch: usize, hidden: usize) -> candle_core::Result<Self> {
        let width = cell.n_gates() * hidden;
        let h0 = Tensor::zeros((batch, hidden), DType::F32, &Device::Cpu)?;
        Ok(Self {
            cell,
            gates: variable("gates", &[batch, N_BINS, width], 1.0)?,
            weight: variable("weight_hh", &[width, hidden], 0.1)?,
            bias: variable("bias_hh", &[width], 0.1)?,
            first: vec![h0; cell.carried().len()],
            target: Tensor::zeros((batch, N_BINS, hidden), DType::F32, &Device::Cpu)?,
            mask: Tensor::ones((batch, N_BINS, hidden), DType::F32, &Device::Cpu)?,
        })
    }

    /// The states from the gates' input part.
    fn run(&self) -> kernels::Result<Tensor> {
        let Self { cell, gates, weight, bias, first, .. } = self;
        Ok(kernels::gated_recurrence(*cell, gates, weight, bias, first)?.0)
    }

    /// The mean square of the states, as PyTorch's side takes it, and its gradients.
    fn backward(&self, states: &Tensor) -> anyhow::Result<()> {
        black_box(kernels::masked_mse(states, &self.target, &self.mask)?.backward()?);
        Ok(())
    }
}

fn variable(name: &str, shape: &[usize], scale: f64) -> candle_core::Result<Tensor> {
    Ok(Var::from_tensor(&(normal(name, shape)? * scale)?)?.into_inner())
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, cell) in GATED {
        for batch in BATCHES {
            let operands = Operands::new(cell, batch, HIDDEN)?;
            bench.time(&format!("recurrence {name}"), batch, || operands.backward(&operands.run()?))?;

            let x = normal("x", &[batch, N_BINS, HIDDEN])?;
            let weight = variable("weight_ih", &[cell.n_gates() * HIDDEN, HIDDEN], 0.1)?;
            let bias = variable("bias_ih", &[cell.n_gates() * HIDDEN], 0.1)?;
            let weights = GatedWeights {
                weight_ih: &weight,
                weight_hh: &operands.weight,
                bias_ih: &bias,
                bias_hh: &operands.bias,
            };
            bench.time(&format!("module {name}"), batch, || {
                let (states, _) =
                    kernels::gated_layer(cell, &x, Layout::TimeFirst, &weights, &operands.first)?;
                operands.backward(&states)
            })?;
        }
    }
    Ok(())
}

/// Forward and backward passes separately, for one stimulus, at widths whose weights fit in the second- or third-level cache.
pub(crate) fn measure_beside_floors(bench: &mut Bench) -> anyhow::Result<()> {
    for (name, cell) in GATED {
        for hidden in WIDTHS {
            let operands = Operands::new(cell, 1, hidden)?;
            bench.time(&format!("forward {name} H{hidden}"), 1, || {
                black_box(operands.run()?);
                Ok(())
            })?;
            // The cheapest end of a graph: its gradient is a single number, spread out.
            let sum = operands.run()?.sum_all()?;
            bench.time(&format!("backward {name} H{hidden}"), 1, || {
                black_box(sum.backward()?);
                Ok(())
            })?;
        }
    }
    Ok(())
}
