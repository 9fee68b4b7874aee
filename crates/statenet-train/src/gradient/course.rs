//! The way of a fit to its best weights: how many epochs at each learning rate.

use serde::{Deserialize, Serialize};

use super::{
    config::FitConfig,
    early_stopping::{Decision, EarlyStopping},
};
use crate::history::History;

/// The epochs that led a fit to its best weights: so many at the first learning rate, then so many at the next.
///
/// A fit whose schedule lowers the rate goes back to its best weights first: epochs after the best one at a rate lead nowhere and are not counted.
/// So the epochs are fewer than the number of the best one, unless the rate never fell.
///
/// Stored as a list, such as `[31, 4]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Course(Vec<usize>);

impl Course {
    /// The course of a fit with these settings.
    ///
    /// ```
    /// use statenet_train::{Course, FitConfig, History, Schedule, Stopped};
    ///
    /// let config = FitConfig {
    ///     schedule: Schedule::Plateau { patience: 2, factor: 0.3, times: 1 },
    ///     patience: 2,
    ///     ..FitConfig::default()
    /// };
    /// // Best after 3 epochs; after 2 worse ones back to there with a lower rate, at which the first epoch is the best.
    /// let val_score = [0.1, 0.2, 0.4, 0.3, 0.3, 0.5, 0.4, 0.4].map(Some).to_vec();
    /// let history = History {
    ///     train_loss: vec![1.0; 8],
    ///     val_score,
    ///     best_epoch: 6,
    ///     stopped: Stopped::Converged,
    ///     seconds: 0.0,
    /// };
    /// let course = Course::of(&history, &config);
    /// assert_eq!((course.by_rate(), course.n_epochs()), (&[3, 1][..], 4));
    /// ```
    #[must_use]
    pub fn of(history: &History, config: &FitConfig) -> Self {
        let mut stopping = EarlyStopping::default();
        let (mut finished, mut best, mut here) = (Vec::new(), 0, 0);
        for score in &history.val_score {
            here += 1;
            match stopping.add(0.0, *score, config) {
                Decision::Improved => best = here,
                Decision::ReduceRate => {
                    finished.push(best);
                    (best, here) = (0, 0);
                }
                Decision::Continue | Decision::Stop => {}
            }
        }
        finished.push(best);
        // Rates at which nothing improved at the end.
        while finished.last() == Some(&0) {
            finished.pop();
        }
        Self(finished)
    }

    /// Epochs at each learning rate, the first one first.
    #[must_use]
    pub fn by_rate(&self) -> &[usize] {
        &self.0
    }

    /// Number of epochs.
    #[must_use]
    pub fn n_epochs(&self) -> usize {
        self.0.iter().sum()
    }

    /// How often the learning rate has fallen before the epoch with this number, from 0.
    pub(super) fn falls_before(&self, epoch: usize) -> usize {
        let mut end = 0;
        let ended = self.0.iter().filter(|&&epochs| {
            end += epochs;
            end <= epoch
        });
        ended.count().min(self.0.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{gradient::schedule::Schedule, history::Stopped};

    fn course(scores: &[f64]) -> Course {
        let schedule = Schedule::Plateau { patience: 2, factor: 0.1, times: 2 };
        let config = FitConfig { schedule, patience: 2, ..FitConfig::default() };
        let val_score = scores.iter().map(|&s| (s > 0.0).then_some(s)).collect();
        let history = History {
            train_loss: vec![0.0; scores.len()],
            val_score,
            best_epoch: 0,
            stopped: Stopped::MaxEpochs,
            seconds: 0.0,
        };
        Course::of(&history, &config)
    }

    #[test]
    fn epochs_are_those_on_the_way_to_the_best_weights() {
        assert_eq!(course(&[0.1, 0.3, 0.2]).by_rate(), [2]);
        // Two rates at which nothing improves, and a third at which the second epoch does.
        let falls = course(&[0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6, 0.1]);
        assert_eq!((falls.by_rate(), falls.n_epochs()), (&[1, 0, 2][..], 3));
        assert_eq!(course(&[0.5, 0.4, 0.4, 0.4, 0.4]).by_rate(), [1]);
        assert_eq!(course(&[0.0, 0.0]).n_epochs(), 0);
    }

    #[test]
    fn the_rate_falls_where_it_fell() {
        let falls = course(&[0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6, 0.1]);
        assert_eq!((0..4).map(|epoch| falls.falls_before(epoch)).collect::<Vec<_>>(), [0, 2, 2, 2]);
        assert_eq!(Course(Vec::new()).falls_before(0), 0);
        assert_eq!(serde_json::to_string(&falls).unwrap(), "[1,0,2]");
    }
}
