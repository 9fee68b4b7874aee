//! Receptive fields as a sum of few products of a spectral and a temporal profile (Depireux et al. 2001; Simon et al.
//! 2007).
//!
//! ```text
//! W[o,c,f,k] = sum_r u[o,c,f,r] v[o,c,r,k]        r < R
//! ```
//! Parameters: O C R (F + K) and O (bias). Starts uniform within sqrt(6 / C F) and sqrt(6 / C K), over R^(1/4) so that
//! weights do not grow with R, the bias within 1, as the published separable kernel (R = 1).
//!
//! Depireux DA, Simon JZ, Klein DJ, Shamma SA (2001). Spectro-temporal response field characterization with dynamic
//! ripples in ferret primary auditory cortex. Journal of Neurophysiology 85:1220-1234.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::weights::{Span, Weights, expect_lags};
use crate::{
    config::limits::expect_size,
    error::Result,
    params::{init::Init, store::Scope},
};

/// A sum of products of a spectral and a temporal profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeparableConfig {
    /// Frames that the receptive field spans, the current one included; at least 1.
    pub lags: usize,
    /// Products R, at least 1. Default 1.
    #[serde(default = "one")]
    pub rank: usize,
}

fn one() -> usize {
    1
}

impl SeparableConfig {
    pub(super) fn validate(&self, field: &str) -> Result<()> {
        expect_lags(self.lags, 1, field)?;
        expect_size(&format!("{field}.rank"), self.rank, 1)
    }
}

pub(super) struct Separable {
    spectral: Tensor,
    temporal: Tensor,
}

impl Separable {
    pub(super) fn new(config: &SeparableConfig, span: &Span, scope: &mut Scope<'_>) -> Result<Self> {
        let &Span { outputs, channels, n_bands, lags } = span;
        let rank = config.rank;
        let shared = (rank as f64).sqrt().sqrt();
        let init = |n: usize| Init::within((6.0 / (channels * n) as f64).sqrt() / shared);
        Ok(Self {
            spectral: scope.parameter("weight_f", (outputs, channels, n_bands, rank), init(n_bands))?,
            temporal: scope.parameter("weight_t", (outputs, channels, rank, lags), init(lags))?,
        })
    }
}

impl Weights for Separable {
    fn weight(&self) -> candle_core::Result<Tensor> {
        self.spectral.matmul(&self.temporal)
    }

    fn amplitude(&self) -> &Tensor {
        &self.temporal
    }
}
