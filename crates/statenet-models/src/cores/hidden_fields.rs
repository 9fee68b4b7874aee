//! The receptive fields of hidden units, normalised and squashed: how NRF and DNet begin.
//!
//! ```text
//! a[h,t] = c[h] + sum_{c,f,k} W[h,c,f,k] x[c,f,t-(K-1)+k]
//! u[h,t] = then(gain[h] (a - mean_h a) / sqrt(var_h a + 1e-5) + bias[h])
//! ```

use candle_core::Tensor;
use statenet_kernels::{Step, Then};

use crate::{
    error::{During, Result},
    layers::channel_norm::ChannelNorm,
    model::{memory::Memory, state::State},
    params::store::Scope,
    strfs::{Filter, StrfConfig},
};

pub(super) struct HiddenFields {
    filter: Filter,
    norm: ChannelNorm,
    then: Then,
}

impl HiddenFields {
    pub(super) fn new(
        strf: &StrfConfig,
        hidden: usize,
        input: (usize, usize),
        then: Then,
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let filter = Filter::new(strf, hidden, input, scope)?;
        Ok(Self { filter, norm: ChannelNorm::new(hidden, &mut scope.enter("norm"))?, then })
    }

    fn follow(&self, a: &Tensor) -> Result<Tensor> {
        let a = a.unsqueeze(2).during("normalizing units")?;
        self.norm.apply(&a, self.then)?.squeeze(2).during("normalizing units")
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.follow(&self.filter.forward(x)?)
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.filter.init_state(batch, state)
    }

    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.follow(&self.filter.chunk(x, state)?)
    }

    pub(super) fn memory(&self) -> Memory {
        self.filter.memory()
    }

    pub(super) fn steps(&self) -> Result<Vec<Box<dyn Step>>> {
        Ok(vec![self.filter.step()?, self.norm.step(1, self.then)?])
    }
}
