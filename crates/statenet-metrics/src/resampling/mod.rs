//! Intervals and tests by resampling: seeded, the same on every machine and with any number of threads.
//!
//! | function | answers |
//! |---|---|
//! | [`bootstrap`], [`bootstrap_mean`], [`bootstrap_together`] | how far a statistic would move with other data (percentile or BCa interval) |
//! | [`two_samples`] | whether two independent groups differ in mean (permutation test) |
//! | [`wilcoxon_signed_rank`] | whether paired differences lie symmetrically about 0, by ranks |
//! | [`sign_flip`] | whether paired differences lie symmetrically about 0, by their mean |
//! | [`holm`], [`benjamini_hochberg`] | p values adjusted for several tests |
//!
//! What is resampled is what the caller calls independent: neurons, stimuli, or blocks of time, never single bins of a
//! smoothed response.

mod bootstrap;
mod multiplicity;
mod permutation;
mod sign_flip;
mod wilcoxon;

pub use bootstrap::{Interval, IntervalMethod, bootstrap, bootstrap_mean, bootstrap_together};
pub use multiplicity::{benjamini_hochberg, holm};
pub use permutation::two_samples;
pub use sign_flip::sign_flip;
pub use wilcoxon::{PMethod, Wilcoxon, wilcoxon_signed_rank};

use statenet_core::Seed;

use crate::{
    error::{Error, Result},
    undefined::{Source, Undefined},
};

/// How to resample: seed and number of draws.
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
    /// A seed and at least one draw.
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

/// Fails if a value is NaN or infinite.
fn expect_finite(values: &[f64]) -> Result<(), Undefined> {
    if values.iter().all(|v| v.is_finite()) { Ok(()) } else { Err(Undefined::NotFinite(Source::Values)) }
}

/// Counts draws at least as extreme as the data. Sums in another order may differ in the last places, so that a tie is
/// one up to rounding.
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
