//! Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), as in PyTorch.
//!
//! ```text
//! i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)        f = sigmoid(W_if x + b_if + W_hf h + b_hf)
//! g = tanh(W_ig x + b_ig + W_hg h + b_hg)           o = sigmoid(W_io x + b_io + W_ho h + b_ho)
//! c' = f * c + i * g                                h' = o * tanh(c')
//! ```
//! In (B, I, T), out (B, H, T). Memory: unbounded. Before t = 0: h = c = 0.
//! Parameters: 4 H I + 4 H H + 8 H, gates stacked in the order i, f, g, o. The forget gate's bias starts as the others.
//!
//! Hochreiter S, Schmidhuber J (1997). Long short-term memory. Neural Computation 9:1735-1780.
//! Gers FA, Schmidhuber J, Cummins F (2000). Learning to forget. Neural Computation 12:2451-2471.

use candle_core::Tensor;
use statenet_kernels::{
    Layout, Step,
    modules::{self, ModuleWeights},
    steps,
};

use super::gated::Cell;
use crate::error::Result;

pub(crate) struct Lstm;

impl Cell for Lstm {
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
        let run = modules::lstm(x, layout, weights, &carried[0], &carried[1])?;
        Ok((run.states, vec![run.last, run.cell]))
    }

    fn last(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        let (h, c) = modules::last::lstm(x, layout, weights, &carried[0], &carried[1])?;
        Ok(vec![h, c])
    }

    fn step(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::Lstm::new(weight_hh, bias_hh)?))
    }
}
