//! Elman network (Elman 1990): one state that sees the input and itself, without gates.
//!
//! ```text
//! h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
//! ```
//! In (B, I, T), out (B, H, T). Memory: unbounded. Before t = 0: h = 0.
//! Parameters: H I + H H + 2 H.
//!
//! Elman JL (1990). Finding structure in time. Cognitive Science 14:179-211.

use candle_core::Tensor;
use statenet_kernels::{
    Layout, Step,
    modules::{self, ModuleWeights},
    steps,
};

use super::gated::Cell;
use crate::error::Result;

pub(crate) struct Rnn;

impl Cell for Rnn {
    const GATES: usize = 1;
    const KEEPS: Option<usize> = None;
    const LETS_IN: Option<usize> = None;
    const CARRIED: &'static [&'static str] = &["h"];

    fn run(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<(Tensor, Vec<Tensor>)> {
        let (states, last) = modules::rnn(x, layout, weights, &carried[0])?;
        Ok((states, vec![last]))
    }

    fn last(
        x: &Tensor,
        layout: Layout,
        weights: &ModuleWeights<'_>,
        carried: &[Tensor],
    ) -> Result<Vec<Tensor>> {
        Ok(vec![modules::last::rnn(x, layout, weights, &carried[0])?])
    }

    fn step(weight_hh: &Tensor, bias_hh: &Tensor) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::Rnn::new(weight_hh, bias_hh)?))
    }
}
