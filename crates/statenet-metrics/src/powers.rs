//! Signal, noise and total power, pooled over stimuli.

use crate::{
    repeats::Powers,
    undefined::{Score, Undefined, finite},
};

/// A power below this fraction of the total power counts as 0, since it is due to rounding.
pub(crate) const ROUNDING: f64 = 64.0 * f64::EPSILON;

/// Powers pooled over stimuli.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PooledPowers {
    pub(crate) signal: f64,
    pub(crate) noise: f64,
    pub(crate) total: f64,
}

impl PooledPowers {
    /// The signal power, or an error if it is not above 0 by more than rounding.
    pub(crate) fn positive_signal(&self) -> Score {
        if self.signal > ROUNDING * self.total {
            finite(self.signal)
        } else {
            Err(Undefined::no_signal(self.signal))
        }
    }
}

/// Pools the powers of stimuli; if none has powers it knows the reason.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PowerSum {
    weighted: Powers,
    weight: f64,
    most_repeats: usize,
    most_bins: usize,
}

impl PowerSum {
    /// Adds a stimulus with `n_bins` PSTH bins; returns whether its powers are defined.
    pub(crate) fn add(&mut self, powers: Option<Powers>, n_repeats: usize, n_bins: usize) -> bool {
        self.most_repeats = self.most_repeats.max(n_repeats);
        self.most_bins = self.most_bins.max(n_bins);
        let Some(powers) = powers else {
            return false;
        };
        let weight = n_bins.saturating_sub(1) as f64;
        self.weighted.signal += weight * powers.signal;
        self.weighted.noise += weight * powers.noise;
        self.weighted.total += weight * powers.total;
        self.weight += weight;
        true
    }

    /// Adds the stimuli of another sum.
    pub(crate) fn add_sum(&mut self, other: &Self) {
        self.weighted.signal += other.weighted.signal;
        self.weighted.noise += other.weighted.noise;
        self.weighted.total += other.weighted.total;
        self.weight += other.weight;
        self.most_repeats = self.most_repeats.max(other.most_repeats);
        self.most_bins = self.most_bins.max(other.most_bins);
    }

    /// The pooled powers, or the reason why they are undefined.
    pub(crate) fn pooled(&self) -> Result<PooledPowers, Undefined> {
        if self.weight > 0.0 {
            Ok(PooledPowers {
                signal: self.weighted.signal / self.weight,
                noise: self.weighted.noise / self.weight,
                total: self.weighted.total / self.weight,
            })
        } else if self.most_bins == 0 {
            Err(Undefined::NoData)
        } else if self.most_repeats < 2 {
            Err(Undefined::TooFewRepeats { repeats: self.most_repeats })
        } else {
            Err(Undefined::TooFewBins { bins: self.most_bins })
        }
    }
}
