//! Successive halving: how many trials are fitted for how many epochs (Jamieson & Talwalkar 2016).

use serde::{Deserialize, Serialize};

/// Trials that are fitted for so many epochs, counted from their start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Number of trials.
    pub trials: usize,
    /// Epochs at most.
    pub epochs: usize,
}

/// The last rung has at least so many trials: the rule of one standard error chooses among them.
const LEAST: usize = 3;
/// More rungs would judge trials by their first few steps.
const MOST_RUNGS: usize = 4;

/// The rungs of a search: each has half the trials of the one before and twice the epochs, up to `epochs` in the last.
pub(super) fn rungs(trials: usize, epochs: usize) -> Vec<Rung> {
    let mut sizes = vec![trials];
    while let Some(&size) = sizes.last().filter(|&size| size / 2 >= LEAST && sizes.len() < MOST_RUNGS) {
        sizes.push(size / 2);
    }
    let n = sizes.len();
    let rung = |(at, trials): (usize, usize)| Rung { trials, epochs: (epochs >> (n - 1 - at)).max(1) };
    sizes.into_iter().enumerate().map(rung).collect()
}

/// The trials with the highest scores, so many of them, in their order; those without a score come last, and of equal ones the earlier are taken.
pub(super) fn best_of(scored: &[(usize, Option<f64>)], n: usize) -> Vec<usize> {
    let mut order: Vec<&(usize, Option<f64>)> = scored.iter().collect();
    let key = |score: Option<f64>| score.filter(|score| !score.is_nan()).unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|a, b| key(b.1).total_cmp(&key(a.1)));
    let mut chosen: Vec<usize> = order.into_iter().take(n).map(|(trial, _)| *trial).collect();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rungs_by_hand() {
        let of = |trials, epochs| -> Vec<(usize, usize)> {
            rungs(trials, epochs).into_iter().map(|rung| (rung.trials, rung.epochs)).collect()
        };
        assert_eq!(of(12, 160), [(12, 40), (6, 80), (3, 160)]);
        assert_eq!(of(8, 100), [(8, 50), (4, 100)]);
        assert_eq!(of(5, 100), [(5, 100)]);
        assert_eq!(of(1, 7), [(1, 7)]);
        assert_eq!(of(100, 160), [(100, 20), (50, 40), (25, 80), (12, 160)]);
        assert_eq!(of(12, 2), [(12, 1), (6, 1), (3, 2)]);
    }

    #[test]
    fn the_best_go_on_and_a_failed_trial_does_not() {
        let scored = [(0, Some(0.2)), (1, None), (4, Some(0.5)), (5, Some(f64::NAN)), (7, Some(0.2))];
        assert_eq!(best_of(&scored, 2), [0, 4]);
        assert_eq!(best_of(&scored, 3), [0, 4, 7]);
        assert_eq!(best_of(&scored, 9), [0, 1, 4, 5, 7]);
    }

    proptest! {
        #[test]
        fn the_last_rung_has_all_epochs_and_no_rung_is_empty(trials in 1usize..200, epochs in 1usize..2000) {
            let rungs = rungs(trials, epochs);
            prop_assert_eq!(rungs[0].trials, trials);
            prop_assert_eq!(rungs[rungs.len() - 1].epochs, epochs);
            prop_assert!(rungs.windows(2).all(|r| r[1].trials < r[0].trials && r[1].epochs >= r[0].epochs));
            prop_assert!(rungs.iter().all(|rung| rung.trials >= LEAST.min(trials) && rung.epochs >= 1));
        }
    }
}
