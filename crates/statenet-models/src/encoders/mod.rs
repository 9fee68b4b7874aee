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
mod encoder;
mod locally_connected;
mod places;

use serde::{Deserialize, Serialize};
use statenet_core::Axes;

pub(crate) use self::encoder::Encoder;
pub use self::places::{LocalInit, LocallyConnectedConfig, PlacesConfig};
use self::{convolution::Convolution, dense::Dense, locally_connected::LocallyConnected};
use crate::{
    config::limits::expect_size,
    error::{Result, config_error},
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
            Self::LocallyConnected(local) => local.places(),
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
