//! Ways to parameterise the weights of a receptive field: `(outputs, channels, F, lags)`, the last column lag 0.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Result, config_error},
    init::Init,
    params::Scope,
};

/// Which parameterisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrfConfig {
    /// A weight for every band and lag.
    Full(FullConfig),
}

/// A weight for every band and lag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullConfig {
    /// Frames that the receptive field spans, the current one included; at least 1.
    pub lags: usize,
}

impl StrfConfig {
    /// A full receptive field of this many frames.
    #[must_use]
    pub fn full(lags: usize) -> Self {
        Self::Full(FullConfig { lags })
    }

    /// Frames spanned.
    #[must_use]
    pub fn lags(&self) -> usize {
        match self {
            Self::Full(full) => full.lags,
        }
    }

    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        match self {
            Self::Full(full) if full.lags == 0 => {
                Err(config_error(&format!("{field}.full.lags"), 0, "1 or more"))
            }
            Self::Full(_) => Ok(()),
        }
    }
}

/// The weights of receptive fields, computed from whatever parameters they have.
pub(crate) struct Strf {
    weight: Tensor,
    bias: Tensor,
    lags: usize,
}

impl Strf {
    /// Receptive fields of `outputs` units over `channels` and `n_bands`; starts as PyTorch's convolutions do.
    pub(crate) fn new(
        config: &StrfConfig,
        outputs: usize,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let lags = config.lags();
        let init = Init::fan_in(channels * n_bands * lags);
        let weight = scope.parameter("weight", (outputs, channels, n_bands, lags), init)?;
        let bias = scope.parameter("bias", outputs, init)?;
        Ok(Self { weight, bias, lags })
    }

    /// `(outputs, channels, F, lags)`.
    pub(crate) fn weight(&self) -> &Tensor {
        &self.weight
    }

    /// `(outputs)`.
    pub(crate) fn bias(&self) -> &Tensor {
        &self.bias
    }

    pub(crate) fn lags(&self) -> usize {
        self.lags
    }
}
