//! Adaptation between the cochleagram and the core: `(B, 1, F, T)` to `(B, C, F, T)`.
//!
//! | name | channels C | parameters |
//! |---|---|---|
//! | `none` | 1 | 0 |
//! | `ic_adaptation` | 1: each band less an average of its past (Willmore et al. 2016) | 0 |
//! | `adaptrans` | 2: onsets and offsets against such averages (Rançon et al. 2024) | 3 F |

mod adapting;
mod adaptrans;
mod bands;
mod ic_adaptation;

use serde::{Deserialize, Serialize};
use statenet_core::Axes;

pub use self::{
    adaptrans::AdaptransConfig,
    bands::{Bands, SpacedBands},
    ic_adaptation::IcAdaptationConfig,
};
use crate::{
    error::Result,
    params::Scope,
    stage::{Features, Stage, Through},
};

/// Which prefilter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrefilterConfig {
    /// The cochleagram as it is.
    #[default]
    None,
    /// Each band less an average of its past.
    IcAdaptation(IcAdaptationConfig),
    /// Onsets and offsets, learned.
    Adaptrans(AdaptransConfig),
}

impl PrefilterConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::IcAdaptation(ic) => ic.bands.validate(axes, &format!("{field}.ic_adaptation.bands")),
            Self::Adaptrans(adaptrans) => adaptrans.validate(axes, &format!("{field}.adaptrans")),
        }
    }

    /// What a model's short name ends in.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::IcAdaptation(_) => "-ic",
            Self::Adaptrans(_) => "-adaptrans",
        }
    }
}

pub(crate) fn build(
    config: &PrefilterConfig,
    axes: &Axes,
    scope: &mut Scope<'_>,
) -> Result<(Box<dyn Stage>, Features)> {
    let (stage, channels): (Box<dyn Stage>, usize) = match config {
        PrefilterConfig::None => (Box::new(Through), 1),
        PrefilterConfig::IcAdaptation(ic) => (Box::new(ic_adaptation::new(ic, axes, scope)?), 1),
        PrefilterConfig::Adaptrans(adaptrans) => (Box::new(adaptrans::new(adaptrans, axes, scope)?), 2),
    };
    Ok((stage, Features::Spectral { channels, n_bands: axes.n_bands }))
}
