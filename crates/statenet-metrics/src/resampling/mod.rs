//! Intervals and tests by resampling. Results depend on the seed only, not on the machine or the number of threads.
//!
//! | function | question |
//! |---|---|
//! | [`bootstrap`], [`bootstrap_mean`], [`bootstrap_together`] | how much a statistic would vary with other data (expanded percentile, percentile or BCa interval) |
//! | [`jackknife`], [`jackknife_of_skewed`] | the same from n + 1 evaluations |
//! | [`two_samples`] | do two independent groups differ in mean? (permutation test) |
//! | [`wilcoxon_signed_rank`] | are paired differences symmetric about 0? (by ranks) |
//! | [`sign_flip`] | are paired differences symmetric about 0? (by their mean) |
//! | [`ClusterSums`] | the same where differences come in groups that share noise; equivalence; power |
//! | [`holm`], [`benjamini_hochberg`] | p values adjusted for several tests |
//!
//! The caller chooses the units to resample, which must be independent: neurons, stimuli or blocks of time, never single
//! bins of a smoothed response.

mod bootstrap;
mod clustered;
mod jackknife;
pub(crate) mod levels;
mod multiplicity;
mod permutation;
mod sign_flip;
mod wilcoxon;

pub use bootstrap::{ConfidenceInterval, IntervalMethod, bootstrap, bootstrap_mean, bootstrap_together};
pub use clustered::ClusterSums;
pub(crate) use jackknife::jackknife_interval;
pub use jackknife::{jackknife, jackknife_of_skewed};
pub use multiplicity::{benjamini_hochberg, holm};
pub use permutation::two_samples;
pub use sign_flip::sign_flip;
pub use wilcoxon::{PMethod, Wilcoxon, wilcoxon_signed_rank};

use statenet_core::Seed;

use crate::{
    error::{Error, Result},
    undefined::{Source, Undefined},
};

/// Seed and number of draws of a resampling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resampling {
    seed: Seed,
    n_draws: usize,
}

impl Default for Resampling {
    /// Seed 0, 10 000 draws.
    fn default() -> Self {
        Self { seed: Seed::new(0), n_draws: 10_000 }
    }
}

impl Resampling {
    /// A resampling with a seed and at least one draw.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `n_draws` is 0.
    pub fn new(seed: Seed, n_draws: usize) -> Result<Self> {
        if n_draws == 0 {
            return Err(Error::OutOfRange { option: "n_draws", got: 0.0, expected: "1 or more" });
        }
        Ok(Self { seed, n_draws })
    }
}

/// Returns an error if a value is NaN or infinite.
fn expect_finite(values: &[f64]) -> Result<(), Undefined> {
    if values.iter().all(|v| v.is_finite()) { Ok(()) } else { Err(Undefined::NotFinite(Source::Values)) }
}

/// Whether a draw is at least as extreme as the data, up to rounding, since sums in another order can differ in the last
/// digits.
fn at_least(drawn: f64, observed: f64) -> bool {
    drawn.abs() >= observed.abs() * (1.0 - 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_draws_are_an_error() {
        let message = Resampling::new(Seed::new(0), 0).unwrap_err().to_string();
        assert_eq!(message, "n_draws is 0, expected 1 or more");
    }
}
