//! A score of every pair of neurons.

use rayon::prelude::*;

use crate::{
    moments::mean_of,
    undefined::{Score, Undefined},
};

/// A score of every pair of N neurons, i < j: the same for (i, j) and (j, i).
#[derive(Clone, Debug, PartialEq)]
pub struct PairScores {
    n_neurons: usize,
    /// (0, 1), (0, 2), .., (1, 2), ..
    scores: Vec<Score>,
}

impl PairScores {
    /// Computes each pair in parallel; the result does not depend on the number of threads.
    pub(super) fn of(n_neurons: usize, score: impl Fn(usize, usize) -> Score + Sync + Send) -> Self {
        let row = |i: usize| (i + 1..n_neurons).map(|j| score(i, j)).collect::<Vec<_>>();
        let rows: Vec<Vec<Score>> = (0..n_neurons).into_par_iter().map(row).collect();
        Self { n_neurons, scores: rows.concat() }
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.n_neurons
    }

    /// The score of two different neurons; `None` for indices that do not exist, or are equal.
    #[must_use]
    pub fn pair(&self, i: usize, j: usize) -> Option<Score> {
        let (i, j) = (i.min(j), i.max(j));
        if i == j || j >= self.n_neurons {
            return None;
        }
        self.scores.get(i * (2 * self.n_neurons - i - 1) / 2 + j - i - 1).copied()
    }

    /// All pairs (i, j) with i < j and their scores.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize, Score)> + '_ {
        let pairs = (0..self.n_neurons).flat_map(|i| (i + 1..self.n_neurons).map(move |j| (i, j)));
        pairs.zip(&self.scores).map(|((i, j), score)| (i, j, *score))
    }

    /// Mean over the pairs with a score; `None` if there are none.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        mean_of(&self.defined().collect::<Vec<_>>())
    }

    /// Number of pairs with a score.
    #[must_use]
    pub fn n_defined(&self) -> usize {
        self.defined().count()
    }

    /// The pairs without a score, with the reason.
    pub fn undefined(&self) -> impl Iterator<Item = (usize, usize, Undefined)> + '_ {
        self.iter().filter_map(|(i, j, score)| Some((i, j, score.err()?)))
    }

    fn defined(&self) -> impl Iterator<Item = f64> + '_ {
        self.scores.iter().filter_map(|score| score.ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_is_found_from_either_side() {
        let pairs = PairScores::of(4, |i, j| {
            if (i, j) == (1, 3) { Err(Undefined::NoData) } else { Ok((10 * i + j) as f64) }
        });
        for (i, j, score) in pairs.iter() {
            assert_eq!((pairs.pair(i, j), pairs.pair(j, i)), (Some(score), Some(score)));
        }
        assert_eq!(pairs.pair(2, 3), Some(Ok(23.0)));
        assert_eq!((pairs.pair(2, 2), pairs.pair(0, 4)), (None, None));
        assert_eq!((pairs.n_defined(), pairs.undefined().count()), (5, 1));
        assert_eq!(pairs.mean(), Some((1.0 + 2.0 + 3.0 + 12.0 + 23.0) / 5.0));
        assert_eq!(PairScores::of(1, |_, _| Ok(0.0)).mean(), None);
    }
}
