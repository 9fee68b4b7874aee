//! Options of an evaluation.

use serde::{Deserialize, Serialize};
use statenet_core::{Millis, Seed, TimeBin};

use crate::{
    ceilings::SplitOptions,
    error::{Error, Result},
    time_blocks::DEFAULT_BINS,
};

/// Options of [`evaluate_observations`](crate::evaluate_observations).
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_metrics::EvaluationOptions;
/// let options = EvaluationOptions::for_dt(TimeBin::from_millis(10.0)?);
/// assert_eq!(options.block_bins, 50); // 500 ms
/// # Ok::<(), statenet_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluationOptions {
    /// Seed of the half splits and of the bootstrap. Default 0.
    pub seed: Seed,
    /// Number of bootstrap draws. Default 1000; 0 for no intervals.
    pub n_bootstrap: usize,
    /// Number of half splits for CCmax, 1 to 500,000. Default 126.
    pub n_splits: usize,
    /// Confidence of the intervals, above 0 and below 1. Default 0.95.
    pub confidence: f64,
    /// Length of a block of time in bins, at least 1. Default 100, which is 500 ms at a dt of 5 ms. It should be longer than
    /// the time over which responses are correlated, including by smoothing.
    pub block_bins: usize,
    /// The least signal power of a neuron, (spikes/bin)^2, above 0. CCraw, CCnorm and FVE of neurons below it are undefined
    /// ([`WeakSignal`](crate::Undefined::WeakSignal)), and so they are in no mean. A neuron whose signal power cannot be
    /// estimated, for want of repeats, is not below it. Default `None`: no neuron is left out for a weak signal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_signal_power: Option<f64>,
    /// Ids of neurons that the model was not trained on. Their CCraw, CCnorm and FVE are undefined
    /// ([`NotTrained`](crate::Undefined::NotTrained)), and so they are in no mean. Ids of other neurons than those scored do
    /// nothing. Default none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_trained: Vec<String>,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            seed: Seed::new(0),
            n_bootstrap: 1000,
            n_splits: 126,
            confidence: 0.95,
            block_bins: DEFAULT_BINS,
            min_signal_power: None,
            not_trained: Vec::new(),
        }
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

    /// Checks that every option is in its range.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn validate(&self) -> Result<()> {
        let out_of_range = |option, got, expected| Err(Error::OutOfRange { option, got, expected });
        if !(self.confidence > 0.0 && self.confidence < 1.0) {
            return out_of_range("confidence", self.confidence, "above 0 and below 1");
        }
        SplitOptions { seed: self.seed, n_splits: self.n_splits }.validate()?;
        if self.block_bins == 0 {
            return out_of_range("block_bins", 0.0, "1 or more");
        }
        if let Some(power) = self.min_signal_power.filter(|power| !(*power > 0.0 && power.is_finite())) {
            return out_of_range("min_signal_power", power, "a finite number above 0");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_round_trip_and_reject_strangers() {
        let plain = serde_json::to_string(&EvaluationOptions::default()).unwrap();
        assert!(!plain.contains("min_signal_power") && !plain.contains("not_trained"), "{plain}");
        let options = EvaluationOptions {
            n_splits: 7,
            min_signal_power: Some(0.01),
            not_trained: vec!["u5".to_owned()],
            ..EvaluationOptions::default()
        };
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<EvaluationOptions>(&json).unwrap(), options);
        assert!(serde_json::from_str::<EvaluationOptions>(r#"{"n_split": 3}"#).is_err());
    }
}
