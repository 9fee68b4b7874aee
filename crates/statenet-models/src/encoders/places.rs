//! Channels at places along the frequency axis.

use serde::{Deserialize, Serialize};

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

impl PlacesConfig {
    /// Places along F bands.
    #[must_use]
    pub fn n_places(&self, n_bands: usize) -> usize {
        n_bands.saturating_sub(self.kernel) / self.stride.max(1) + 1
    }
}

impl LocallyConnectedConfig {
    /// Channels, kernel and stride.
    #[must_use]
    pub fn places(&self) -> PlacesConfig {
        PlacesConfig { channels: self.channels, kernel: self.kernel, stride: self.stride }
    }
}
