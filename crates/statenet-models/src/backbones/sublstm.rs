//! Subtractive-gated LSTM (Costa et al. 2017): gates that inhibit by subtraction, as interneurons of cortex may.
//!
//! ```text
//! i, f, z, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)
//! c' = f * c + z - i                                h' = sigmoid(c') - o
//! ```
//! In (B, I, T), out (B, H, T). Memory: unbounded. Before t = 0: h = c = 0.
//! Parameters: 4 H I + 4 H H + 8 H, gates stacked in the order i, f, z, o. Differs from the paper: two bias vectors,
//! as in PyTorch's LSTM.
//!
//! Costa RP, Assael YM, Shillingford B, de Freitas N, Vogels TP (2017). Cortical microcircuits as gated-recurrent
//! neural networks. NeurIPS 30.

use candle_core::Tensor;
use statenet_kernels::{
    Layout, Step,
    modules::{self, ModuleWeights},
    steps,
};

use super::gated::Cell;
use crate::error::Result;

pub(crate) struct SubLstm;

impl Cell for SubLstm {
    const GATES: usize = 4;
    const KEEPS: Option<usize> = Some(1);
    const LETS_IN: Option<usize> = Some(0);
    const CARRIED: &'static [&'static str] = &["h", "c"];

    fn run(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<(Tensor, Vec<Tensor>)> {
        let run = modules::sublstm(x, layout, weights, &carried[0], &carried[1])?;
        Ok((run.states, vec![run.last, run.cell]))
    }

    fn last(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let (h, c) = modules::last::sublstm(x, layout, weights, &carried[0], &carried[1])?;
        Ok(vec![h, c])
    }

    fn step(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::SubLstm::new(weight_hh, bias_hh)?))
    }
}
