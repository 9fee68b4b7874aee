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
//!
//! Cho K et al. (2014). Learning phrase representations using RNN encoder-decoder. EMNLP.

use candle_core::Tensor;
use statenet_kernels::{
    Layout, Step,
    modules::{self, ModuleWeights},
    steps,
};

use super::gated::Cell;
use crate::error::Result;

pub(crate) struct Gru;

impl Cell for Gru {
    const GATES: usize = 3;
    const KEEPS: Option<usize> = Some(1);
    const LETS_IN: Option<usize> = None;
    const CARRIED: &'static [&'static str] = &["h"];

    fn run(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<(Tensor, Vec<Tensor>)> {
        let (states, last) = modules::gru(x, layout, weights, &carried[0])?;
        Ok((states, vec![last]))
    }

    fn last(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        Ok(vec![modules::last::gru(x, layout, weights, &carried[0])?])
    }

    fn step(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::Gru::new(weight_hh, bias_hh)?))
    }
}
