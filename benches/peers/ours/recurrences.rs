//! Recurrences, forward and backward: alone, with the matrix product that computes their gates (as PyTorch's modules do), and
//! at widths whose lower bound on time is known.

use std::hint::black_box;

use candle_core::{DType, Device, Tensor, Var};
use statenet::kernels::{
    self, Layout,
    modules::{self, ModuleWeights},
};
use statenet_benches::{N_BINS, normal};

use crate::bench::{BATCHES, Bench};

/// Number of hidden units of StateNet for NS1.
pub(crate) const HIDDEN: usize = 70;
/// Widths that are compared with their lower bound.
pub(crate) const WIDTHS: [usize; 3] = [64, 128, 256];

type Alone = fn(&Operands) -> kernels::Result<Tensor>;
type Module = fn(&Tensor, &ModuleWeights<'_>, &Tensor) -> kernels::Result<Tensor>;

/// Name (also that of PyTorch's module), gates per unit, function from the gates' input part to states, and function from the
/// input (B, T, I) to states.
const GATED: &[(&str, usize, Alone, Module)] = &[
    (
        "GRU",
        3,
        |o| Ok(kernels::gru(&o.gates, &o.weight, &o.bias, &o.h0)?.0),
        |x, weights, h0| Ok(modules::gru(x, Layout::TimeFirst, weights, h0)?.0),
    ),
    (
        "LSTM",
        4,
        |o| Ok(kernels::lstm(&o.gates, &o.weight, &o.bias, &o.h0, &o.h0)?.states),
        |x, weights, h0| Ok(modules::lstm(x, Layout::TimeFirst, weights, h0, h0)?.states),
    ),
    (
        "RNN",
        1,
        |o| Ok(kernels::rnn(&o.gates, &o.weight, &o.bias, &o.h0)?.0),
        |x, weights, h0| Ok(modules::rnn(x, Layout::TimeFirst, weights, h0)?.0),
    ),
    (
        "subLSTM",
        4,
        |o| Ok(kernels::sublstm(&o.gates, &o.weight, &o.bias, &o.h0, &o.h0)?.states),
        |x, weights, h0| Ok(modules::sublstm(x, Layout::TimeFirst, weights, h0, h0)?.states),
    ),
];

/// The inputs of a gated recurrence; all but the initial state get gradients.
struct Operands {
    gates: Tensor,
    weight: Tensor,
    bias: Tensor,
    h0: Tensor,
    /// Zeros and ones, (B, T, H), with which the masked squared error is the mean square of the states.
    target: Tensor,
    mask: Tensor,
}

impl Operands {
    fn new(batch: usize, n_gates: usize, hidden: usize) -> candle_core::Result<Self> {
        let width = n_gates * hidden;
        Ok(Self {
            gates: variable("gates", &[batch, N_BINS, width], 1.0)?,
            weight: variable("weight_hh", &[width, hidden], 0.1)?,
            bias: variable("bias_hh", &[width], 0.1)?,
            h0: Tensor::zeros((batch, hidden), DType::F32, &Device::Cpu)?,
            target: Tensor::zeros((batch, N_BINS, hidden), DType::F32, &Device::Cpu)?,
            mask: Tensor::ones((batch, N_BINS, hidden), DType::F32, &Device::Cpu)?,
        })
    }

    /// The mean square of the states, as in the PyTorch program, and its gradients.
    fn backward(&self, states: &Tensor) -> anyhow::Result<()> {
        black_box(kernels::masked_mse(states, &self.target, &self.mask)?.backward()?);
        Ok(())
    }
}

fn variable(name: &str, shape: &[usize], scale: f64) -> candle_core::Result<Tensor> {
    Ok(Var::from_tensor(&(normal(name, shape)? * scale)?)?.into_inner())
}

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    for &(name, n_gates, run, module) in GATED {
        for batch in BATCHES {
            let operands = Operands::new(batch, n_gates, HIDDEN)?;
            bench.time(&format!("recurrence {name}"), batch, || operands.backward(&run(&operands)?))?;

            let x = normal("x", &[batch, N_BINS, HIDDEN])?;
            let weight = variable("weight_ih", &[n_gates * HIDDEN, HIDDEN], 0.1)?;
            let bias = variable("bias_ih", &[n_gates * HIDDEN], 0.1)?;
            let weights = ModuleWeights {
                weight_ih: &weight,
                weight_hh: &operands.weight,
                bias_ih: &bias,
                bias_hh: &operands.bias,
            };
            bench.time(&format!("module {name}"), batch, || {
                operands.backward(&module(&x, &weights, &operands.h0)?)
            })?;
        }
    }
    Ok(())
}

/// Forward and backward passes separately, for one stimulus, at widths whose weights fit in the second- or third-level cache.
pub(crate) fn measure_beside_floors(bench: &mut Bench) -> anyhow::Result<()> {
    for &(name, n_gates, run, _) in GATED {
        for hidden in WIDTHS {
            let operands = Operands::new(1, n_gates, hidden)?;
            bench.time(&format!("forward {name} H{hidden}"), 1, || {
                black_box(run(&operands)?);
                Ok(())
            })?;
            // A sum is the cheapest end of a graph: its gradient is a single number, broadcast.
            let sum = run(&operands)?.sum_all()?;
            bench.time(&format!("backward {name} H{hidden}"), 1, || {
                black_box(sum.backward()?);
                Ok(())
            })?;
        }
    }
    Ok(())
}
