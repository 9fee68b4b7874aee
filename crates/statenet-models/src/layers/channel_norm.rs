//! Normalisation over channels and the nonlinearity after it: how encoders and hidden receptive fields end.
//!
//! ```text
//! u[c,l,t] = then(gain[c] (a - mean_c a) / sqrt(var_c a + 1e-5) + bias[c])
//! ```

use candle_core::Tensor;
use statenet_kernels::{NormThen, Step, Then, steps};

use crate::{
    error::Result,
    params::{init::Init, store::Scope},
};

/// Added to the variance over channels.
pub(crate) const EPS: f64 = 1e-5;

pub(crate) struct ChannelNorm {
    pub(crate) gain: Tensor,
    pub(crate) bias: Tensor,
}

impl ChannelNorm {
    pub(crate) fn new(channels: usize, scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self {
            gain: scope.parameter("weight", channels, Init::ONES)?,
            bias: scope.parameter("bias", channels, Init::ZEROS)?,
        })
    }

    /// u from a, `(B, C, L, T)`.
    pub(crate) fn apply(&self, a: &Tensor, then: Then) -> Result<Tensor> {
        Ok(statenet_kernels::channel_norm(a, &self.gain, &self.bias, EPS, then)?)
    }

    /// The same as a part of an operation that goes on with it.
    pub(crate) fn then(&self, then: Then) -> NormThen<'_> {
        NormThen { gain: &self.gain, bias: &self.bias, eps: EPS, then }
    }

    /// [`apply`](Self::apply) to a single frame, (channels places).
    pub(crate) fn step(&self, n_places: usize, then: Then) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::ChannelNorm::new(&self.gain, &self.bias, n_places, EPS, then)?))
    }
}
