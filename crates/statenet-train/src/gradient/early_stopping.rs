//! The course of a fit: scores so far, the best epoch, when to slow down and when to stop.

use serde::{Deserialize, Serialize};

use super::{config::FitConfig, schedule::Schedule};
use crate::history::{History, Stopped};

/// Everything about a running fit that is not a tensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Course {
    pub(crate) train_loss: Vec<f64>,
    pub(crate) val_score: Vec<Option<f64>>,
    pub(crate) best_epoch: usize,
    pub(crate) best_score: Option<f64>,
    pub(crate) n_stale: usize,
    /// Stale epochs since the learning rate last fell.
    pub(crate) n_stale_here: usize,
    pub(crate) n_falls: usize,
    pub(crate) seconds: f64,
}

/// What to do after an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The best so far: keep these weights.
    Improved,
    /// Go on.
    Stale,
    /// Go back to the best weights and go on more slowly.
    SlowDown,
    /// Converged.
    Stop,
}

impl Course {
    pub(crate) fn n_epochs(&self) -> usize {
        self.train_loss.len()
    }

    /// Takes the results of an epoch. A missing score never improves.
    pub(crate) fn add(&mut self, train_loss: f64, val_score: Option<f64>, config: &FitConfig) -> Verdict {
        self.train_loss.push(train_loss);
        self.val_score.push(val_score);
        if let Some(score) = val_score.filter(|&s| self.best_score.is_none_or(|best| s > best)) {
            self.best_score = Some(score);
            self.best_epoch = self.n_epochs();
            self.n_stale = 0;
            self.n_stale_here = 0;
            return Verdict::Improved;
        }
        self.n_stale += 1;
        self.n_stale_here += 1;
        if config.schedule.falls(self.n_stale_here, self.n_falls) {
            self.n_falls += 1;
            self.n_stale_here = 0;
            // A slower rate gets its own chance to improve.
            self.n_stale = 0;
            return Verdict::SlowDown;
        }
        let all_falls = match config.schedule {
            Schedule::Constant => true,
            Schedule::Plateau { times, .. } => self.n_falls >= times,
        };
        if all_falls && self.n_stale >= config.patience { Verdict::Stop } else { Verdict::Stale }
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

    #[test]
    fn it_slows_down_where_told_and_stops_after_the_last_fall() {
        let schedule = Schedule::Plateau { patience: 2, factor: 0.1, times: 1 };
        let config = FitConfig { schedule, patience: 3, ..FitConfig::default() };
        let mut course = Course::default();
        let scores =
            [Some(0.1), Some(0.2), None, Some(0.2), Some(0.15), Some(0.25), Some(0.1), None, Some(0.2)];
        let verdicts: Vec<_> = scores.into_iter().map(|s| course.add(1.0, s, &config)).collect();
        use Verdict::{Improved, SlowDown, Stale, Stop};
        assert_eq!(verdicts, [Improved, Improved, Stale, SlowDown, Stale, Improved, Stale, Stale, Stop]);
        assert_eq!((course.best_epoch, course.n_falls), (6, 1));
    }
}
