//! Receptive fields that run over sound: whole, in chunks, frame by frame.
//!
//! ```text
//! y[o,t] = bias[o] + sum_{c,f,k} W[o,c,f,k] x[c,f,t-(K-1)+k]
//! ```
//! In (B, C, F, T), out (B, O, T). Memory: K frames. Before t = 0: zeros, the mean of a standardised cochleagram.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::{Strf, StrfConfig};
use crate::{
    error::{During, Result},
    model::{memory::Memory, state::State},
    params::store::Scope,
};

pub(crate) struct Filter {
    strf: Strf,
    context_name: String,
}

impl Filter {
    /// Parameters are under `strf`, the frames before a chunk under `context`.
    pub(crate) fn new(
        config: &StrfConfig,
        outputs: usize,
        input: (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let context_name = scope.name("context");
        Ok(Self { strf: Strf::new(config, outputs, input, &mut scope.enter("strf"))?, context_name })
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

    fn context_shape(&self, batch: usize) -> [usize; 4] {
        let span = self.strf.span;
        [batch, span.channels, span.n_bands, span.lags - 1]
    }

    pub(crate) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        if self.strf.span.lags == 1 {
            return Ok(());
        }
        let bias = self.strf.bias();
        state.set_zeros(&self.context_name, &self.context_shape(batch), bias.dtype(), bias.device())
    }

    pub(crate) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let window = self.strf.span.lags - 1;
        if window == 0 {
            return self.run(x, None);
        }
        let batch = x.dim(0).during("reading a batch")?;
        let context = state.get(&self.context_name, &self.context_shape(batch))?;
        let y = self.run(x, Some(context))?;
        let seen = Tensor::cat(&[context, x], 3).during("advancing a window")?;
        let n_seen = seen.dim(3).during("advancing a window")?;
        let last = seen.narrow(3, n_seen - window, window).and_then(|w| w.force_contiguous());
        state.set(&self.context_name, &last.during("advancing a window")?);
        Ok(y)
    }

    pub(crate) fn memory(&self) -> Memory {
        Memory::Frames(self.strf.span.lags)
    }

    pub(crate) fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::CausalStrf::new(&self.strf.weight()?, Some(self.strf.bias()))?))
    }
}
