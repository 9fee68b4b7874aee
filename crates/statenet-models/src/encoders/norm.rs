//! Normalisation over channels and the sigmoid after it: how every encoder ends.
//!
//! ```text
//! u[c,l,t] = sigmoid(gain[c] (a - mean_c a) / sqrt(var_c a + 1e-5) + bias[c])
//! ```

use candle_core::Tensor;
use statenet_kernels::{Step, Then, steps};

use crate::{error::Result, init::Init, params::Scope};

/// Added to the variance over channels.
pub(super) const EPS: f64 = 1e-5;

pub(crate) struct Norm {
    pub(super) gain: Tensor,
    pub(super) bias: Tensor,
}

impl Norm {
    pub(crate) fn new(channels: usize, scope: &mut Scope<'_>) -> Result<Self> {
        Ok(Self {
            gain: scope.parameter("weight", channels, Init::ONES)?,
            bias: scope.parameter("bias", channels, Init::ZEROS)?,
        })
    }

    /// u from a, `(B, C, L, T)`.
    pub(super) fn follow(&self, a: &Tensor) -> Result<Tensor> {
        Ok(statenet_kernels::channel_norm(a, &self.gain, &self.bias, EPS, Then::Sigmoid)?)
    }

    /// [`follow`](Self::follow) of a single frame, (channels places).
    pub(crate) fn step(&self, n_places: usize) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::ChannelNorm::new(&self.gain, &self.bias, n_places, EPS, Then::Sigmoid)?))
    }
}
