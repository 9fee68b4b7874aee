//! What turns a (filtered) cochleagram into features.

mod statenet;

use serde::{Deserialize, Serialize};
use statenet_core::Axes;

pub(crate) use self::statenet::Statenet;
pub use self::statenet::StatenetConfig;
use crate::{
    error::Result,
    params::Scope,
    stage::{Features, Stage, Through},
};

/// Which core.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoreConfig {
    /// The readout sees the cochleagram itself: Linear and LN.
    #[default]
    None,
    /// A spectral encoder per frame and a recurrent backbone.
    Statenet(StatenetConfig),
}

impl CoreConfig {
    pub(crate) fn validate(&self, axes: &Axes, field: &str) -> Result<()> {
        match self {
            Self::None => Ok(()),
            Self::Statenet(statenet) => statenet.validate(axes, &format!("{field}.statenet")),
        }
    }

    /// With every size written out that a default would leave to this version of the library.
    pub(crate) fn resolved(&self, axes: &Axes) -> Self {
        match self {
            Self::None => Self::None,
            Self::Statenet(statenet) => Self::Statenet(statenet.resolved(axes)),
        }
    }

    pub(crate) fn slug(&self, axes: Option<&Axes>) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Statenet(statenet) => statenet.slug(axes),
        }
    }
}

pub(crate) fn build(
    config: &CoreConfig,
    input: Features,
    scope: &mut Scope<'_>,
) -> Result<(Box<dyn Stage>, Features)> {
    match (config, input) {
        (CoreConfig::Statenet(statenet), Features::Spectral { channels, n_bands }) => {
            let core = Statenet::new(statenet, (channels, n_bands), scope)?;
            let units = Features::Units(core.hidden());
            Ok((Box::new(core), units))
        }
        (_, input) => Ok((Box::new(Through), input)),
    }
}
