//! Schedules of the learning rate.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// How the learning rate changes during a fit. A [warm-up](super::FitConfig::warm_up) comes before any of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// It stays constant.
    Constant,
    /// It is multiplied by `factor` after `patience` epochs without improvement, at most `times` times. Each time the fit
    /// continues from the best weights so far.
    Plateau {
        /// Number of epochs without improvement before a reduction.
        patience: usize,
        /// The factor, above 0 and below 1.
        factor: f64,
        /// The largest number of reductions.
        times: usize,
    },
    /// It falls along half a cosine to 0 at the end of `max_epochs`, step by step (Loshchilov & Hutter 2017, eq. 5, without restarts):
    /// rate (1 + cos(pi s / S)) / 2 at step s of the S steps after the warm-up. All epochs are run, whatever the patience, since the rate is
    /// low at their end; the weights with the best validation score are kept.
    Cosine,
}

/// Where in a fit a step is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Epochs before it.
    pub(crate) epoch: usize,
    /// Steps before it in its epoch.
    pub(crate) step: usize,
    /// Steps of an epoch.
    pub(crate) n_steps: usize,
    /// Reductions of the learning rate before it.
    pub(crate) n_falls: usize,
}

impl Schedule {
    /// The factor on the learning rate at a step, in a fit of at most `max_epochs` epochs of which the first `warm_up` raise the rate linearly,
    /// from 1 / n at the first of their n steps to 1 at the last.
    pub(crate) fn factor(self, at: Place, warm_up: usize, max_epochs: usize) -> f64 {
        let step = at.epoch * at.n_steps + at.step;
        let (before, all) = (warm_up.saturating_mul(at.n_steps), max_epochs.saturating_mul(at.n_steps));
        let rise = if step < before { (step + 1) as f64 / before as f64 } else { 1.0 };
        rise * match self {
            Self::Constant => 1.0,
            Self::Plateau { factor, .. } => factor.powi(i32::try_from(at.n_falls).unwrap_or(i32::MAX)),
            Self::Cosine if step < before || all <= before => 1.0,
            Self::Cosine => (1.0 + (PI * (step - before) as f64 / (all - before) as f64).cos()) / 2.0,
        }
    }

    /// Whether the learning rate is to be reduced now.
    pub(crate) fn falls(self, n_stale: usize, n_falls: usize) -> bool {
        match self {
            Self::Plateau { patience, times, .. } => n_stale >= patience && n_falls < times,
            Self::Constant | Self::Cosine => false,
        }
    }

    /// Whether a fit may stop once it has had its patience, after so many reductions.
    pub(crate) fn may_stop(self, n_falls: usize) -> bool {
        match self {
            Self::Constant => true,
            Self::Plateau { times, .. } => n_falls >= times,
            Self::Cosine => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(schedule: Schedule, warm_up: usize, max_epochs: usize) -> Vec<f64> {
        let at = |epoch, step| Place { epoch, step, n_steps: 2, n_falls: 0 };
        let places = (0..max_epochs).flat_map(|epoch| [at(epoch, 0), at(epoch, 1)]);
        places.map(|at| schedule.factor(at, warm_up, max_epochs)).collect()
    }

    #[test]
    fn a_cosine_by_hand() {
        let half = 0.5f64.sqrt();
        let expected = [1.0, (1.0 + half) / 2.0, 0.5, (1.0 - half) / 2.0];
        for (got, expected) in factors(Schedule::Cosine, 0, 2).into_iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{got} {expected}");
        }
    }

    #[test]
    fn a_warm_up_rises_step_by_step_and_the_schedule_begins_after_it() {
        let cosine = factors(Schedule::Cosine, 2, 4);
        let expected = [0.25, 0.5, 0.75, 1.0];
        assert_eq!(cosine[..4], expected);
        for (got, expected) in cosine[4..].iter().zip(factors(Schedule::Cosine, 0, 2)) {
            assert!((got - expected).abs() < 1e-15, "{got} {expected}");
        }
        // A fit of no more epochs than the warm-up ends on the way.
        for schedule in [Schedule::Constant, Schedule::Cosine] {
            assert_eq!(factors(schedule, 2, 1), [0.25, 0.5]);
            assert!(factors(schedule, usize::MAX, 2).iter().all(|factor| (0.0..1e-15).contains(factor)));
        }
        assert_eq!(factors(Schedule::Constant, 2, 3), [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
        assert_eq!(factors(Schedule::Constant, 0, 2), [1.0; 4]);
    }

    #[test]
    fn a_plateau_multiplies_by_its_factor_at_each_fall() {
        let schedule = Schedule::Plateau { patience: 1, factor: 0.3, times: 2 };
        let at = |n_falls| Place { epoch: 7, step: 1, n_steps: 3, n_falls };
        assert_eq!([0, 1, 2].map(|n| schedule.factor(at(n), 0, 9)), [1.0, 0.3, 0.3f64.powi(2)]);
        // In the warm-up, too.
        assert_eq!(schedule.factor(Place { epoch: 0, ..at(1) }, 2, 9), 0.3 * 2.0 / 6.0);
    }
}
