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
mod dropout;
mod layer;
mod patches;
mod positions;

pub(crate) use self::positions::rates as inverse_wavelengths;
use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::Step;

use self::{layer::Layer, patches::Patches, positions::Sinusoids};
use crate::{
    config::limits::expect_size,
    error::{During, Result, config_error},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::Scope,
};

/// Patches, causal attention, a network per bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransformerConfig {
    /// Numbers E that describe a patch, at least 1. Default 48.
    pub embedding: usize,
    /// Attention heads, which must divide D. Default 1.
    pub heads: usize,
    /// Layers, at least 1. Default 1.
    pub layers: usize,
    /// Bands Kf of a patch, which must divide F. Default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch_bands: Option<usize>,
    /// Bins Kt of a patch, at least 1; patches overlap in time. Default 1.
    pub patch_bins: usize,
    /// Bins that a bin attends to, itself included, 1 to 2^24. Default all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// How a bin knows where it is. Default sinusoidal.
    pub positions: Positions,
    /// Share of numbers dropped in a training pass, at least 0 and below 1. Default 0.1.
    pub dropout: f64,
    /// Share of attention weights dropped in a training pass, at least 0 and below 1. Default 0.
    pub attention_dropout: f64,
}

/// How a bin knows where it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Sines and cosines of the time since the start, added to the patches.
    #[default]
    Sinusoidal,
    /// Queries and keys turned by angles that grow with time.
    Rotary,
}

impl Default for TransformerConfig {
    fn default() -> Self {
        Self {
            embedding: 48,
            heads: 1,
            layers: 1,
            patch_bands: None,
            patch_bins: 1,
            window: None,
            positions: Positions::Sinusoidal,
            dropout: 0.1,
            attention_dropout: 0.0,
        }
    }
}

const MOST_BINS: usize = 1 << 24;

impl TransformerConfig {
    /// D, the units that it gives for F bands.
    #[must_use]
    pub fn units(&self, n_bands: usize) -> usize {
        self.embedding * (n_bands / self.patch_bands.unwrap_or(n_bands).max(1))
    }

    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        let wrong = |name: &str, got: String, expected: String| {
            Err(config_error(&format!("{field}.{name}"), got, expected))
        };
        for (name, n) in
            [("embedding", self.embedding), ("layers", self.layers), ("patch_bins", self.patch_bins)]
        {
            expect_size(&format!("{field}.{name}"), n, 1)?;
        }
        if let Some(bands) = self.patch_bands
            && (bands == 0 || !axes.n_bands.is_multiple_of(bands))
        {
            let expected = format!("a divisor of {}, the number of bands", axes.n_bands);
            return wrong("patch_bands", bands.to_string(), expected);
        }
        let units = self.units(axes.n_bands);
        let heads_of = match self.positions {
            Positions::Sinusoidal if units % 2 == 1 => {
                let expected = "an even number of units (embedding times patches)".to_owned();
                return wrong("embedding", self.embedding.to_string(), expected);
            }
            Positions::Sinusoidal => units,
            // Rotary positions turn pairs of numbers.
            Positions::Rotary => units / 2,
        };
        if self.heads == 0 || !heads_of.is_multiple_of(self.heads) || heads_of == 0 {
            return wrong("heads", self.heads.to_string(), format!("a divisor of {heads_of}"));
        }
        match self.window {
            Some(window) if !(1..=MOST_BINS).contains(&window) => {
                return wrong("window", window.to_string(), format!("1 to {MOST_BINS}"));
            }
            _ => {}
        }
        for (name, share) in [("dropout", self.dropout), ("attention_dropout", self.attention_dropout)] {
            if !(0.0..1.0).contains(&share) {
                return wrong(name, share.to_string(), "0 or more and below 1".to_owned());
            }
        }
        Ok(())
    }

    pub(crate) fn resolved(&self, axes: &Axes) -> Self {
        Self { patch_bands: Some(self.patch_bands.unwrap_or(axes.n_bands)), ..self.clone() }
    }

    pub(crate) fn slug(&self) -> String {
        let window = self.window.map(|window| format!("-w{window}")).unwrap_or_default();
        format!("transformer-e{}-l{}{window}", self.embedding, self.layers)
    }
}

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
