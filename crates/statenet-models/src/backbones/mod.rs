//! Recurrent state over time: `(B, I, T)` to `(B, H, T)`.

mod gru;

use serde::{Deserialize, Serialize};

pub(crate) use self::gru::Gru;
pub use self::gru::GruConfig;
use crate::{error::Result, params::Scope, stage::Stage};

/// Which recurrence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackboneConfig {
    /// Gated recurrent unit.
    Gru(GruConfig),
}

impl Default for BackboneConfig {
    fn default() -> Self {
        Self::Gru(GruConfig::default())
    }
}

impl BackboneConfig {
    /// The recurrence's short name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Gru(_) => "gru",
        }
    }

    /// Hidden units over `inputs` inputs.
    #[must_use]
    pub fn hidden(&self, inputs: usize) -> usize {
        match self {
            Self::Gru(gru) => gru.hidden.unwrap_or(inputs),
        }
    }

    pub(crate) fn resolved(&self, inputs: usize) -> Self {
        match self {
            Self::Gru(_) => Self::Gru(GruConfig { hidden: Some(self.hidden(inputs)) }),
        }
    }

    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        match self {
            Self::Gru(gru) => gru.validate(&format!("{field}.gru")),
        }
    }
}

pub(crate) fn build(config: &BackboneConfig, inputs: usize, scope: &mut Scope<'_>) -> Result<Box<dyn Stage>> {
    Ok(match config {
        BackboneConfig::Gru(gru) => Box::new(Gru::new(gru, inputs, scope)?),
    })
}
