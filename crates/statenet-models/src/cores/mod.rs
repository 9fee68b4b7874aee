//! What turns a (filtered) cochleagram into features.

mod conv1d;
mod conv2d;
mod dnet;
mod hidden_fields;
mod icnet;
mod low_rank;
mod nrf;
mod statenet;
mod transformer;

use candle_core::{DType, Device};
use serde::{Deserialize, Serialize};
use statenet_core::{Axes, Sampling};

pub(crate) use self::transformer::inverse_wavelengths;
use self::{
    conv1d::Conv1d, conv2d::Conv2d, dnet::Dnet, icnet::Icnet, low_rank::LowRank, nrf::Nrf,
    statenet::Statenet, transformer::Transformer,
};
pub use self::{
    conv1d::Conv1dConfig,
    conv2d::Conv2dConfig,
    dnet::DnetConfig,
    icnet::IcnetConfig,
    low_rank::LowRankConfig,
    nrf::NrfConfig,
    statenet::{Residual, StatenetConfig},
    transformer::{Positions, TransformerConfig},
};
use crate::{
    error::Result,
    model::stage::{Features, Stage, Through, Units},
    params::store::Scope,
};

/// Which core.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreConfig {
    /// The readout sees the cochleagram itself: Linear and LN.
    #[default]
    None,
    /// A few spectral filters, each through a temporal one.
    LowRank(LowRankConfig),
    /// The same rectified, and hidden units.
    Conv1d(Conv1dConfig),
    /// Hidden receptive fields.
    Nrf(NrfConfig),
    /// Hidden receptive fields that leak.
    Dnet(DnetConfig),
    /// Convolutions over frequency and time.
    Conv2d(Conv2dConfig),
    /// Causal attention.
    Transformer(TransformerConfig),
    /// A spectral encoder per frame and a recurrent backbone.
    Statenet(StatenetConfig),
    /// Strided convolutions over the samples of sound.
    Icnet(IcnetConfig),
}

impl CoreConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::LowRank(low_rank) => low_rank.validate(&format!("{field}.low_rank")),
            Self::Conv1d(conv) => conv.validate(&format!("{field}.conv1d")),
            Self::Nrf(nrf) => nrf.validate(&format!("{field}.nrf")),
            Self::Dnet(dnet) => dnet.validate(&format!("{field}.dnet")),
            Self::Conv2d(conv) => conv.validate(axes, &format!("{field}.conv2d")),
            Self::Transformer(transformer) => transformer.validate(axes, &format!("{field}.transformer")),
            Self::Statenet(statenet) => statenet.validate(axes, &format!("{field}.statenet")),
            Self::Icnet(icnet) => icnet.validate(&Sampling::of(axes)?, &format!("{field}.icnet")),
        }
    }

    /// With every size written out that a default would leave to this version of the library.
    pub(crate) fn resolved(&self, axes: &Axes) -> Self {
        match self {
            Self::Transformer(transformer) => Self::Transformer(transformer.resolved(axes)),
            Self::Statenet(statenet) => Self::Statenet(statenet.resolved(axes)),
            other => other.clone(),
        }
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::LowRank(low_rank) => low_rank.slug(),
            Self::Conv1d(conv) => conv.slug(),
            Self::Nrf(nrf) => nrf.slug(),
            Self::Dnet(dnet) => dnet.slug(),
            Self::Conv2d(conv) => conv.slug(),
            Self::Transformer(transformer) => transformer.slug(),
            Self::Statenet(statenet) => statenet.slug(axes),
            Self::Icnet(_) => "icnet".to_owned(),
        }
    }
}

/// `axes` and `like`, precision and device, are those of the model: what a core of samples needs beside its input.
pub(crate) fn build(
    config: &CoreConfig,
    input: Features,
    (axes, like): (&Axes, (DType, &Device)),
    scope: &mut Scope<'_>,
) -> Result<(Box<dyn Stage>, Features)> {
    let Features::Spectral { channels, n_bands } = input else { return Ok((Box::new(Through), input)) };
    let spectral = (channels, n_bands);
    let (core, n): (Box<dyn Stage>, usize) = match config {
        CoreConfig::None => return Ok((Box::new(Through), input)),
        CoreConfig::LowRank(low_rank) => (Box::new(LowRank::new(low_rank, spectral, scope)?), low_rank.rank),
        CoreConfig::Conv1d(conv) => (Box::new(Conv1d::new(conv, spectral, scope)?), conv.units()),
        CoreConfig::Nrf(nrf) => (Box::new(Nrf::new(nrf, spectral, scope)?), nrf.hidden),
        CoreConfig::Dnet(dnet) => (Box::new(Dnet::new(dnet, spectral, scope)?), dnet.hidden),
        CoreConfig::Conv2d(conv) => (Box::new(Conv2d::new(conv, spectral, scope)?), conv.hidden),
        CoreConfig::Transformer(transformer) => {
            (Box::new(Transformer::new(transformer, spectral, scope)?), transformer.units(n_bands))
        }
        CoreConfig::Icnet(icnet) => {
            (Box::new(Icnet::new(icnet, &Sampling::of(axes)?, like, scope)?), icnet.bottleneck)
        }
        CoreConfig::Statenet(statenet) => {
            let (core, units) = Statenet::new(statenet, spectral, scope)?;
            return Ok((Box::new(core), Features::Units(units)));
        }
    };
    Ok((core, Features::Units(Units::channels_first(n))))
}
