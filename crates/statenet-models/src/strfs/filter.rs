//! Receptive fields applied to sound: whole stimuli, chunks of a stream, single frames.
//!
//! ```text
//! y[o,t] = bias[o] + sum_{c,f,k} W[o,c,f,k] x[c,f,t-(K-1)+k]
//! ```
//! In (B, C, F, T), out (B, O, T). Memory: K frames. Before t = 0: zeros, the mean of a standardised cochleagram.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::strf::{Strf, StrfConfig};
use crate::{
    error::{During, Result},
    layers::window::Window,
    model::{memory::Memory, state::State},
    params::store::Scope,
};

pub(crate) struct Filter {
    strf: Strf,
    window: Window,
}

impl Filter {
    /// Parameters are under `strf`, the frames before a chunk under `context`.
    pub(crate) fn new(
        config: &StrfConfig,
        outputs: usize,
        input: (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (channels, n_bands) = input;
        let window = Window::new(scope.name("context"), &[channels, n_bands, config.lags() - 1], 3);
        Ok(Self { strf: Strf::new(config, outputs, input, &mut scope.enter("strf"))?, window })
    }

    pub(crate) fn strf(&self) -> &Strf {
        &self.strf
    }

    fn run(&self, x: &Tensor, context: Option<&Tensor>) -> Result<Tensor> {
        let weight = self.strf.weight()?;
        Ok(statenet_kernels::causal_strf(x, &weight, Some(self.strf.bias()), context)?)
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.run(x, None)
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        let bias = self.strf.bias();
        self.window.init_state(batch, (bias.dtype(), bias.device()), state)
    }

    pub(crate) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let before = self.window.bins(x.dim(0).during("reading a batch")?, state)?;
        let y = self.run(x, before.as_ref())?;
        self.window.advance(before.as_ref(), x, state)?;
        Ok(y)
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::Frames(self.strf.lags())
    }

    pub(crate) fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::CausalStrf::new(&self.strf.weight()?, Some(self.strf.bias()))?))
    }
}
