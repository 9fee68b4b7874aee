//! Adaptation between the cochleagram and the core: `(B, 1, F, T)` to `(B, C, F, T)`.
//!
//! | name | channels C | parameters |
//! |---|---|---|
//! | `none` | 1 | 0 |
//! | `ic_adaptation` | 1: each band minus a running average of its past (Willmore et al. 2016) | 0 |
//! | `on_off` | 2: rise and fall relative to such averages (Fishbach et al. 2001) | F |
//! | `adaptrans` | 2: onsets and offsets relative to such averages (Rançon et al. 2024) | 3 F |
//! | `plasticity` | 1: each band through synapses with short-term depression (David & Shamma 2013) | 2 F, with facilitation 4 F |

mod adapting;
mod adaptrans;
mod bands;
mod ic_adaptation;
mod on_off;
mod plasticity;

use serde::{Deserialize, Serialize};
use statenet_core::Axes;

use self::plasticity::Plasticity;
pub use self::{
    adaptrans::AdaptransConfig,
    bands::{Bands, SpacedBands},
    ic_adaptation::IcAdaptationConfig,
    on_off::OnOffConfig,
    plasticity::{FacilitationConfig, PlasticityConfig},
};
use crate::{
    error::Result,
    model::stage::{Features, Stage, Through},
    params::store::Scope,
};

/// Which prefilter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrefilterConfig {
    /// The cochleagram as it is.
    #[default]
    None,
    /// Each band minus a running average of its past.
    IcAdaptation(IcAdaptationConfig),
    /// Rise and fall of each band.
    OnOff(OnOffConfig),
    /// Onsets and offsets, learned.
    Adaptrans(AdaptransConfig),
    /// Each band through synapses with short-term depression.
    Plasticity(PlasticityConfig),
}

impl PrefilterConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::IcAdaptation(ic) => ic.bands.validate(axes, &format!("{field}.ic_adaptation.bands")),
            Self::OnOff(on_off) => on_off.bands.validate(axes, &format!("{field}.on_off.bands")),
            Self::Plasticity(synapses) => synapses.validate(axes, &format!("{field}.plasticity")),
            Self::Adaptrans(adaptrans) => adaptrans.validate(axes, &format!("{field}.adaptrans")),
        }
    }

    /// What a model's short name ends in.
    pub(crate) fn slug(&self) -> &'static str {
        match self {
            Self::None => "",
            Self::IcAdaptation(_) => "-ic",
            Self::OnOff(_) => "-onoff",
            Self::Adaptrans(_) => "-adaptrans",
            Self::Plasticity(_) => "-stp",
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
        PrefilterConfig::OnOff(on_off) => (Box::new(on_off::new(on_off, axes, scope)?), 2),
        PrefilterConfig::Plasticity(synapses) => (Box::new(Plasticity::new(synapses, axes, scope)?), 1),
        PrefilterConfig::Adaptrans(adaptrans) => (Box::new(adaptrans::new(adaptrans, axes, scope)?), 2),
    };
    Ok((stage, Features::Spectral { channels, n_bands: axes.n_bands }))
}
