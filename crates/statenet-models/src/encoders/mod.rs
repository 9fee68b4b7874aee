//! StateNet's per-frame part: what turns the F bands of a frame into channels at places along the frequency axis,
//! `(B, C, F, T)` to `(B, channels, places, T)`, without memory.
//!
//! ```text
//! places = (F - kernel) / stride + 1, rounded down
//! locally connected  y[c,l] = bias[c,l] + sum_ik W[c, i*kernel + k, l] x[i, l*stride + k]    own filter per place
//! dense              y[c,l] = bias[c*L+l] + sum_if W[c*L+l, i*F + f] x[i,f]                   every band to every unit
//! convolution        y[c,l] = bias[c] + sum_ik W[c,i,k] x[i, l*stride + k]                    one filter for all places
//! ```

mod convolution;
mod dense;
mod locally_connected;

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;
use statenet_kernels::Step;

pub(crate) use self::{convolution::Convolution, dense::Dense, locally_connected::LocallyConnected};
use crate::{
    config::limits::expect_size,
    error::{Result, config_error},
    layers::channel_norm::ChannelNorm,
    params::store::Scope,
};

/// Which encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncoderConfig {
    /// An own filter at every place. The default.
    LocallyConnected(LocallyConnectedConfig),
    /// Every band to every unit.
    Dense(PlacesConfig),
    /// One filter for all places.
    Convolution(PlacesConfig),
}

/// Channels and places along the frequency axis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlacesConfig {
    /// Channels at every place, at least 1. Default 7.
    pub channels: usize,
    /// Bands that a place sees, at least 1 and at most F. Default 7.
    pub kernel: usize,
    /// Bands from one place to the next, at least 1. Default 3.
    pub stride: usize,
}

/// Places of the locally connected encoder, and how its weights start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LocallyConnectedConfig {
    /// Channels at every place, at least 1. Default 7.
    pub channels: usize,
    /// Bands that a place sees, at least 1 and at most F. Default 7.
    pub kernel: usize,
    /// Bands from one place to the next, at least 1. Default 3.
    pub stride: usize,
    /// How weights and biases start. Default centered.
    pub init: LocalInit,
}

/// How the locally connected weights start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalInit {
    /// Uniform within 1/sqrt(fan-in), as linear layers do.
    #[default]
    Centered,
    /// Uniform on [0, 1), as the published StateNet does: channels start alike.
    Positive,
}

impl Default for PlacesConfig {
    fn default() -> Self {
        Self { channels: 7, kernel: 7, stride: 3 }
    }
}

impl Default for LocallyConnectedConfig {
    fn default() -> Self {
        let PlacesConfig { channels, kernel, stride } = PlacesConfig::default();
        Self { channels, kernel, stride, init: LocalInit::default() }
    }
}

impl Default for EncoderConfig {
    fn default() -> Self {
        Self::LocallyConnected(LocallyConnectedConfig::default())
    }
}

impl EncoderConfig {
    /// Channels, kernel and stride, whatever the kind.
    #[must_use]
    pub fn places(&self) -> PlacesConfig {
        match self {
            Self::LocallyConnected(c) => {
                PlacesConfig { channels: c.channels, kernel: c.kernel, stride: c.stride }
            }
            Self::Dense(places) | Self::Convolution(places) => places.clone(),
        }
    }

    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        let PlacesConfig { channels, kernel, stride } = self.places();
        for (name, n) in [("channels", channels), ("stride", stride)] {
            expect_size(&format!("{field}.{name}"), n, 1)?;
        }
        if kernel == 0 || kernel > axes.n_bands {
            let expected = format!("1 to {}, the number of bands", axes.n_bands);
            return Err(config_error(&format!("{field}.kernel"), kernel, expected));
        }
        Ok(())
    }
}

impl PlacesConfig {
    /// Places along F bands.
    #[must_use]
    pub fn n_places(&self, n_bands: usize) -> usize {
        n_bands.saturating_sub(self.kernel) / self.stride.max(1) + 1
    }
}

/// A per-frame map and the normalisation that follows, `(B, C, F, T)` to `(B, channels, places, T)`.
pub(crate) trait Encoder: Send + Sync {
    fn encode(&self, x: &Tensor, norm: &ChannelNorm) -> Result<Tensor>;

    /// The map of a single frame without the normalisation, (C F) to (channels places).
    fn step(&self) -> Result<Box<dyn Step>>;
}

pub(crate) fn build(
    config: &EncoderConfig,
    (channels, n_bands): (usize, usize),
    scope: &mut Scope<'_>,
) -> Result<Box<dyn Encoder>> {
    Ok(match config {
        EncoderConfig::LocallyConnected(c) => Box::new(LocallyConnected::new(c, (channels, n_bands), scope)?),
        EncoderConfig::Dense(places) => Box::new(Dense::new(places, (channels, n_bands), scope)?),
        EncoderConfig::Convolution(places) => Box::new(Convolution::new(places, (channels, n_bands), scope)?),
    })
}
