//! Early stopping: keeps the scores of a fit, and decides when to reduce the learning rate and when to stop.

use serde::{Deserialize, Serialize};

use super::{config::FitConfig, course::Course};
use crate::history::{FOUND, History, Stopped};

/// By how much patience, that of the schedule too, is longer until a fit has found something.
const LONGER: usize = 5;

/// Losses and scores of a running fit, and the counts on which decisions depend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EarlyStopping {
    pub(crate) train_loss: Vec<f64>,
    pub(crate) val_score: Vec<Option<f64>>,
    pub(crate) best_epoch: usize,
    pub(crate) best_score: Option<f64>,
    /// Epochs without improvement since the best one or the last reduction of the learning rate.
    pub(crate) n_stale: usize,
    /// Epochs without improvement at the current learning rate.
    pub(crate) n_stale_here: usize,
    /// Reductions of the learning rate so far.
    pub(crate) n_falls: usize,
    pub(crate) seconds: f64,
}

/// What to do after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Keep these weights: the score is the best so far.
    Improved,
    /// Continue: the score has not improved.
    Continue,
    /// Return to the best weights and continue with a smaller learning rate.
    ReduceRate,
    /// Stop: the fit has converged.
    Stop,
}

impl EarlyStopping {
    pub(crate) fn n_epochs(&self) -> usize {
        self.train_loss.len()
    }

    /// Adds the results of an epoch and decides what to do. A missing score counts as no improvement.
    ///
    /// Scores of the warm-up count until it is over: its small steps can correlate by chance better than what follows them for a while, and
    /// a fit that went back to them would learn nothing. They use up no patience.
    ///
    /// A constant rate is a plateau: networks that are fitted to one neuron can stay there for a hundred epochs before they find what it
    /// answers. Until then patience is longer.
    pub(crate) fn add(&mut self, train_loss: f64, val_score: Option<f64>, config: &FitConfig) -> Decision {
        self.train_loss.push(train_loss);
        self.val_score.push(val_score);
        let is_warming_up = self.n_epochs() <= config.warm_up;
        if self.n_epochs() == config.warm_up.saturating_add(1) {
            self.best_score = None;
        }
        if let Some(score) = val_score.filter(|&s| self.best_score.is_none_or(|best| s > best)) {
            self.best_score = Some(score);
            self.best_epoch = self.n_epochs();
            self.n_stale = 0;
            self.n_stale_here = 0;
            return Decision::Improved;
        }
        if is_warming_up {
            return Decision::Continue;
        }
        self.n_stale += 1;
        self.n_stale_here += 1;
        let longer = if self.best_score.is_some_and(|best| best >= FOUND) { 1 } else { LONGER };
        if config.schedule.falls(self.n_stale_here / longer, self.n_falls) {
            self.n_falls += 1;
            self.n_stale_here = 0;
            // The smaller learning rate gets the full patience.
            self.n_stale = 0;
            return Decision::ReduceRate;
        }
        let may_stop = config.schedule.may_stop(self.n_falls);
        if may_stop && self.n_stale / longer >= config.patience { Decision::Stop } else { Decision::Continue }
    }

    /// Adds an epoch of a refit, which has no validation score, and takes the learning rate of the next one from its course.
    pub(crate) fn add_planned(&mut self, train_loss: f64, course: &Course) {
        self.train_loss.push(train_loss);
        self.val_score.push(None);
        self.best_epoch = self.n_epochs();
        self.n_falls = course.falls_before(self.n_epochs());
    }

    pub(crate) fn into_history(self, stopped: Stopped) -> History {
        History {
            train_loss: self.train_loss,
            val_score: self.val_score,
            best_epoch: self.best_epoch,
            stopped,
            seconds: self.seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::schedule::Schedule;

    #[test]
    fn a_cosine_runs_on_whatever_the_scores() {
        let config = FitConfig { schedule: Schedule::Cosine, patience: 1, ..FitConfig::default() };
        let mut early_stopping = EarlyStopping::default();
        let decisions = [0.3, 0.2, 0.1, 0.4].map(|score| early_stopping.add(1.0, Some(score), &config));
        use Decision::{Continue, Improved};
        assert_eq!(decisions, [Improved, Continue, Continue, Improved]);
    }

    #[test]
    fn the_rate_is_reduced_by_the_schedule_and_the_fit_stops_after_the_last_reduction() {
        let schedule = Schedule::Plateau { patience: 2, factor: 0.1, times: 1 };
        let config = FitConfig { schedule, patience: 3, ..FitConfig::default() };
        let mut early_stopping = EarlyStopping::default();
        let scores =
            [Some(0.1), Some(0.2), None, Some(0.2), Some(0.15), Some(0.25), Some(0.1), None, Some(0.2)];
        let decisions: Vec<_> = scores.into_iter().map(|s| early_stopping.add(1.0, s, &config)).collect();
        use Decision::{Continue, Improved, ReduceRate, Stop};
        assert_eq!(
            decisions,
            [Improved, Improved, Continue, ReduceRate, Continue, Improved, Continue, Continue, Stop]
        );
        assert_eq!((early_stopping.best_epoch, early_stopping.n_falls), (6, 1));
    }

    #[test]
    fn patience_is_longer_until_something_is_found() {
        let config = FitConfig { schedule: Schedule::Constant, patience: 2, ..FitConfig::default() };
        let mut early_stopping = EarlyStopping::default();
        use Decision::{Continue, Improved, Stop};
        assert_eq!(early_stopping.add(1.0, Some(0.05), &config), Improved);
        let mut add = |score| early_stopping.add(1.0, Some(score), &config);
        assert!((0..9).all(|_| add(0.0) == Continue));
        assert_eq!([add(0.3), add(0.2), add(0.2)], [Improved, Continue, Stop]);
        let mut nothing = EarlyStopping::default();
        let decisions: Vec<_> = (0..10).map(|_| nothing.add(1.0, None, &config)).collect();
        assert_eq!(decisions.iter().position(|d| *d == Stop), Some(9));
    }

    #[test]
    fn scores_of_the_warm_up_count_until_it_is_over() {
        let schedule = Schedule::Plateau { patience: 2, factor: 0.1, times: 1 };
        let config = FitConfig { schedule, warm_up: 4, patience: 3, ..FitConfig::default() };
        let mut early_stopping = EarlyStopping::default();
        let decisions = [0.3, 0.2, 0.1, 0.1].map(|score| early_stopping.add(1.0, Some(score), &config));
        use Decision::{Continue, Improved, ReduceRate};
        assert_eq!(decisions, [Improved, Continue, Continue, Continue]);
        assert_eq!((early_stopping.best_epoch, early_stopping.best_score), (1, Some(0.3)));
        let after = [0.15, 0.16, 0.1, 0.1].map(|score| early_stopping.add(1.0, Some(score), &config));
        assert_eq!(after, [Improved, Improved, Continue, ReduceRate]);
        assert_eq!(early_stopping.best_epoch, 6);
    }
}
