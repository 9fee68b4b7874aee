//! Options of an evaluation.

use serde::{Deserialize, Serialize};
use statenet_core::{Millis, Seed, TimeBin};

use crate::error::{Error, Result};

/// Options of [`evaluate_observations`](crate::evaluate_observations).
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_metrics::EvaluationOptions;
/// let options = EvaluationOptions::for_dt(TimeBin::from_millis(10.0)?);
/// assert_eq!(options.block_bins, 50); // 500 ms
/// # Ok::<(), statenet_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationOptions {
    /// Seed of the half splits and of the bootstrap. Default 0.
    pub seed: Seed,
    /// Number of bootstrap draws. Default 1000; 0 for no intervals.
    pub n_bootstrap: usize,
    /// Number of half splits for CCmax, at least 1. Default 126.
    pub n_splits: usize,
    /// Confidence of the intervals, above 0 and below 1. Default 0.95.
    pub confidence: f64,
    /// Length of a block of time in bins, at least 1. Default 100, which is 500 ms at a dt of 5 ms. It should be longer than
    /// the time over which responses are correlated, including by smoothing.
    pub block_bins: usize,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self { seed: Seed::new(0), n_bootstrap: 1000, n_splits: 126, confidence: 0.95, block_bins: 100 }
    }
}

impl EvaluationOptions {
    /// The default length of a block in ms.
    const BLOCK_MS: f64 = 500.0;

    /// The defaults for a time bin, with blocks of 500 ms.
    #[must_use]
    pub fn for_dt(dt: TimeBin) -> Self {
        let block_bins = Millis::new(Self::BLOCK_MS).map_or(1, |block| dt.nearest_bins(block));
        Self { block_bins, ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let out_of_range = |option, got, expected| Err(Error::OutOfRange { option, got, expected });
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return out_of_range("confidence", self.confidence, "above 0 and below 1");
        }
        if self.n_splits == 0 {
            return out_of_range("n_splits", 0.0, "1 or more");
        }
        if self.block_bins == 0 {
            return out_of_range("block_bins", 0.0, "1 or more");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_round_trip_and_reject_strangers() {
        let options = EvaluationOptions { n_splits: 7, ..EvaluationOptions::default() };
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<EvaluationOptions>(&json).unwrap(), options);
        assert!(serde_json::from_str::<EvaluationOptions>(r#"{"n_split": 3}"#).is_err());
    }
}
