//! A weight for every band and lag.
//!
//! ```text
//! W[o,c,f,k] free
//! ```
//! Parameters: O C F K, uniform within 1 / sqrt(C F K), as PyTorch's convolutions start.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::weights::{Span, Weights, expect_lags};
use crate::{
    error::Result,
    params::{init::Init, store::Scope},
};

/// A weight for every band and lag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FullConfig {
    /// Frames that the receptive field spans, the current one included; at least 1.
    pub lags: usize,
}

impl FullConfig {
    pub(super) fn validate(&self, field: &str) -> Result<()> {
        expect_lags(self.lags, 1, field)
    }
}

pub(super) struct Full(Tensor);

impl Full {
    pub(super) fn new(span: &Span, scope: &mut Scope<'_>) -> Result<Self> {
        let &Span { outputs, channels, n_bands, lags } = span;
        let init = Init::fan_in(channels * n_bands * lags);
        Ok(Self(scope.parameter("weight", (outputs, channels, n_bands, lags), init)?))
    }
}

impl Weights for Full {
    fn weight(&self) -> candle_core::Result<Tensor> {
        Ok(self.0.clone())
    }

    fn amplitude(&self) -> &Tensor {
        &self.0
    }
}
