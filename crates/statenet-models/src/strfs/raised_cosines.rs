//! Receptive fields that are smooth in time, finely at short lags and coarsely at long ones: raised cosines of the
//! logarithm of the lag (Pillow et al. 2008).
//!
//! ```text
//! x(l) = ln(l + offset)        m_j evenly spaced from x(0) to x(K - 1), D apart        l the lag in bins, j < J
//! phi_j(l) = 1/2 + 1/2 cos(pi (x(l) - m_j) / (2 D)) where |x(l) - m_j| < 2 D, else 0
//! W[o,c,f,k] = sum_j w[o,c,f,j] phi_j(K - 1 - k)
//! ```
//! Parameters: O C F J and O (bias), uniform within 1 / sqrt(C F J).
//!
//! Pillow JW, Shlens J, Paninski L, Sher A, Litke AM, Chichilnisky EJ, Simoncelli EP (2008). Spatio-temporal
//! correlations and visual signalling in a complete neuronal population. Nature 454:995-999.

use candle_core::{Device, Tensor};
use serde::{Deserialize, Serialize};

use super::weights::{Span, Weights, expect_lags};
use crate::{
    error::{During, Result, config_error},
    params::{init::Init, store::Scope},
};

/// Raised cosines of the logarithm of the lag.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RaisedCosinesConfig {
    /// Frames that the receptive field spans, the current one included; at least 2.
    pub lags: usize,
    /// Functions J per band, 2 to `lags`. Default 8, or `lags` where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_functions: Option<usize>,
    /// Bins added to a lag before its logarithm, above 0: the larger, the more even in time. Default 1.
    #[serde(default = "one")]
    pub offset: f64,
}

fn one() -> f64 {
    1.0
}

impl RaisedCosinesConfig {
    /// Functions J.
    #[must_use]
    pub fn n_functions(&self) -> usize {
        self.n_functions.unwrap_or_else(|| self.lags.min(8))
    }

    pub(super) fn validate(&self, field: &str) -> Result<()> {
        expect_lags(self.lags, 2, field)?;
        let n = self.n_functions();
        if !(2..=self.lags).contains(&n) {
            let expected = format!("2 to {}, the number of lags", self.lags);
            return Err(config_error(&format!("{field}.n_functions"), n, expected));
        }
        if !(self.offset.is_finite() && self.offset > 0.0) {
            return Err(config_error(&format!("{field}.offset"), self.offset, "a number of bins above 0"));
        }
        Ok(())
    }

    /// phi, (J, K), the last column lag 0.
    fn functions(&self) -> Vec<f64> {
        let (n, lags) = (self.n_functions(), self.lags);
        let x = |lag: usize| libm::log(lag as f64 + self.offset);
        let apart = (x(lags - 1) - x(0)) / (n - 1) as f64;
        let value = |j: usize, lag: usize| {
            let phase = (x(lag) - x(0) - j as f64 * apart) / (2.0 * apart);
            0.5 + 0.5 * libm::cos(std::f64::consts::PI * phase.clamp(-1.0, 1.0))
        };
        (0..n * lags).map(|i| value(i / lags, lags - 1 - i % lags)).collect()
    }
}

pub(super) struct RaisedCosines {
    weights: Tensor,
    functions: Tensor,
}

impl RaisedCosines {
    pub(super) fn new(config: &RaisedCosinesConfig, span: &Span, scope: &mut Scope<'_>) -> Result<Self> {
        let &Span { outputs, channels, n_bands, .. } = span;
        let n = config.n_functions();
        let init = Init::fan_in(channels * n_bands * n);
        let weights = scope.parameter("weight", (outputs, channels, n_bands, n), init)?;
        let shape = (config.n_functions(), config.lags);
        let functions = Tensor::from_vec(config.functions(), shape, &Device::Cpu)
            .and_then(|f| f.to_dtype(weights.dtype())?.to_device(weights.device()));
        Ok(Self { weights, functions: functions.during("making basis functions")? })
    }
}

impl Weights for RaisedCosines {
    fn weight(&self) -> candle_core::Result<Tensor> {
        let (outputs, channels, n_bands, n) = self.weights.dims4()?;
        let rows = self.weights.reshape((outputs * channels * n_bands, n))?;
        rows.matmul(&self.functions)?.reshape((outputs, channels, n_bands, ()))
    }

    fn amplitude(&self) -> &Tensor {
        &self.weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_add_up_to_two_and_peak_in_turn() {
        let config = RaisedCosinesConfig { lags: 40, n_functions: Some(6), offset: 1.0 };
        let values = config.functions();
        let of_lag = |lag: usize| (0..6).map(|j| values[j * 40 + 39 - lag]).collect::<Vec<_>>();
        // Away from both ends, four functions overlap.
        assert!((of_lag(7).iter().sum::<f64>() - 2.0).abs() < 1e-12);
        assert!((of_lag(0)[0] - 1.0).abs() < 1e-12 && (of_lag(39)[5] - 1.0).abs() < 1e-12);
        let peak = |j: usize| (0..40).max_by(|&a, &b| of_lag(a)[j].total_cmp(&of_lag(b)[j])).unwrap();
        assert_eq!((0..6).map(peak).collect::<Vec<_>>(), [0, 1, 3, 8, 18, 39]);
    }
}
