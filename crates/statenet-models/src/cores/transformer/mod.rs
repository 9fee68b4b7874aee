//! Transformer core (Vaswani et al. 2017, in the form of Rançon et al. 2025): patches of the cochleagram, causal
//! attention over a window of bins, a network per bin.
//!
//! ```text
//! x[e P + p, t] = c[e] + sum_{c,k,j} W[e,c,k,j] cochleagram[c, p Kf + k, t-(Kt-1)+j]        p < P = F / Kf, e < E
//! x <- x + position(t)                                                    sinusoidal positions; none with rotary ones
//! x <- norm1(x + W_o attend(W_q x, W_k x, W_v x))        the last `window` bins, scores over sqrt(D / heads)
//! x <- norm2(x + W_2 relu(W_1 x + b_1) + b_2)            per layer, 4 D units inside
//! ```
//! In (B, C, F, T), out (B, D, T), D = E P. Memory: Kt + layers (window - 1) frames; without a window unbounded, with a
//! state that grows. Before t = 0: frames of zeros, no keys.
//! Parameters: E (C Kf Kt + 1) + layers (12 D D + 13 D).
//! Sinusoidal positions count from the start of the sound. Rotary ones (Su et al. 2024) know the distance of two bins
//! only, so that a stream may begin anywhere. Both are exact for 2^24 bins, 23 hours of 5 ms.
//! In a training pass dropout as in PyTorch; that of single attention weights is a number of its own and off by default,
//! because it needs the matrix of all pairs of bins, which the attention without it avoids.
//!
//! Vaswani A et al. (2017). Attention is all you need. NeurIPS 30.
//! Su J et al. (2024). RoFormer: enhanced transformer with rotary position embedding. Neurocomputing 568:127063.

mod attention;
mod config;
mod dropout;
mod layer;
mod patches;
mod positions;

pub use self::config::{Positions, TransformerConfig};
pub(crate) use self::positions::rates as inverse_wavelengths;
use candle_core::Tensor;
use statenet_kernels::Step;

use self::{layer::Layer, patches::Patches, positions::Sinusoids};
use crate::{
    error::{During, Result},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::Scope,
};

pub(crate) struct Transformer {
    patches: Patches,
    sinusoids: Option<Sinusoids>,
    layers: Vec<Layer>,
    window: Option<usize>,
}

impl Transformer {
    pub(crate) fn new(
        config: &TransformerConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let units = config.units(n_bands);
        let patches = Patches::new(config, (channels, n_bands), &mut scope.enter("patchify"))?;
        let sinusoids = match config.positions {
            Positions::Sinusoidal => Some(Sinusoids::new(units, scope.name("position"))),
            Positions::Rotary => None,
        };
        let layers = (0..config.layers)
            .map(|l| Layer::new(config, units, &mut scope.enter(&format!("layers.{l}"))))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { patches, sinusoids, layers, window: config.window })
    }

    /// The state of what comes before the layers.
    fn init_front(&self, batch: usize, state: &mut State) -> Result<()> {
        self.patches.init_state(batch, state)?;
        match &self.sinusoids {
            Some(sinusoids) => sinusoids.init_state(batch, self.patches.weight(), state),
            None => Ok(()),
        }
    }

    /// Patches with their positions, (B, D, T).
    fn described(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let x = self.patches.chunk(x, state)?;
        match &self.sinusoids {
            Some(sinusoids) => sinusoids.chunk(&x, state),
            None => Ok(x),
        }
    }
}

impl Stage for Transformer {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        // Patches and positions keep a few frames and a number; keys and values are none yet.
        let mut state = State::new();
        self.init_front(x.dim(0).during("reading a batch")?, &mut state)?;
        let x = self.described(x, &mut state)?;
        self.layers.iter().try_fold(x, |x, layer| layer.forward(&x, mode))
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.init_front(batch, state)?;
        let like = self.patches.weight();
        self.layers.iter().try_for_each(|layer| layer.init_state(batch, like, state))
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let x = self.described(x, state)?;
        self.layers.iter().try_fold(x, |x, layer| layer.chunk(&x, state))
    }

    fn memory(&self) -> Memory {
        match self.window {
            Some(window) => Memory::Frames(self.patches.bins() + self.layers.len() * (window - 1)),
            None => Memory::Unbounded,
        }
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let mut all = vec![self.patches.step()?];
        if let Some(sinusoids) = &self.sinusoids {
            all.push(sinusoids.step());
        }
        for layer in &self.layers {
            let Some(steps) = layer.steps()? else { return Ok(None) };
            all.extend(steps);
        }
        Ok(Some(all))
    }
}
