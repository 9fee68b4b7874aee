//! Adaptation between the cochleagram and the core: `(B, 1, F, T)` to `(B, C, F, T)`.

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    stage::{Features, Stage, Through},
};

/// Which prefilter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrefilterConfig {
    /// The cochleagram as it is.
    #[default]
    None,
}

impl PrefilterConfig {
    pub(crate) fn validate(&self, _field: &str) -> Result<()> {
        match self {
            Self::None => Ok(()),
        }
    }
}

pub(crate) fn build(config: &PrefilterConfig, input: Features) -> (Box<dyn Stage>, Features) {
    match config {
        PrefilterConfig::None => (Box::new(Through), input),
    }
}
