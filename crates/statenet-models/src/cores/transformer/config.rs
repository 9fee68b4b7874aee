//! The settings of a transformer core.

use serde::{Deserialize, Serialize};
use statenet_core::Axes;

use crate::{
    config::limits::expect_size,
    error::{Result, config_error},
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
