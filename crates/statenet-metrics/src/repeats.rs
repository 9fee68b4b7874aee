//! The repeats of one neuron and one stimulus: signal power, noise power, and the covariance of every pair of repeats.
//!
//! Let y_r be the response in repeat r, the sum of a signal and of noise that is independent between repeats. Then
//!
//! ```text
//! TP = mean_r var_t(y_r)          SP = mean_{r<r'} cov_t(y_r, y_r')          NP = TP - SP
//! ```
//!
//! with unbiased variances (dof T - 1) over the bins that both repeats of a pair have. For complete data this equals
//! SP = (R var_t(mean_r y_r) - TP) / (R - 1), the form of Sahani and Linden (2003), since the variance of a mean is the
//! mean of all R^2 covariances. If repeats miss different bins, pairs are computed one by one, and all pairs that share at
//! least two bins have equal weight. All three estimates are unbiased; noise can make SP and NP negative.

use ndarray::{Array2, ArrayView1, Axis};

use crate::{
    moments::{centred, dot, mean, rounding_floor},
    observation::{Recorded, all_set},
    undefined::{Source, Undefined},
};

/// 2^52, from which on every number is whole.
const NO_FRACTION: f64 = (1_u64 << 52) as f64;

/// The repeats that have at least one recorded bin.
#[derive(Clone, Debug)]
pub(crate) enum Repeats {
    /// All repeats have the same recorded bins: `[R][n]`, without the other bins, and the mean of each repeat.
    Complete { values: Vec<Vec<f64>>, means: Vec<f64> },
    /// Repeats miss different bins: `[R][T]`, with flags of the recorded values.
    Ragged { values: Vec<Vec<f64>>, valid: Vec<Vec<bool>> },
}

/// Signal, noise and total power of one stimulus, (spikes/bin)^2.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Powers {
    pub(crate) signal: f64,
    pub(crate) noise: f64,
    pub(crate) total: f64,
}

impl Repeats {
    /// The repeats of a neuron.
    ///
    /// # Errors
    /// [`Undefined::NotFinite`] if a recorded response is NaN or infinite.
    pub(crate) fn of(recorded: &Recorded<'_>, neuron: usize) -> Result<Self, Undefined> {
        let mask = recorded.mask().view();
        let mask = mask.index_axis(Axis(0), neuron);
        let responses = recorded.responses().index_axis_move(Axis(0), neuron);
        let kept: Vec<usize> = (0..mask.nrows()).filter(|&r| mask.row(r).iter().any(|&v| v)).collect();
        let same = kept.iter().all(|&r| all_set(mask.row(r)))
            || kept.windows(2).all(|pair| mask.row(pair[0]) == mask.row(pair[1]));
        let repeats = if same {
            let rows = kept.iter().map(|&r| recorded_bins(responses.row(r), mask.row(r)));
            Self::complete(rows.collect())
        } else {
            // Values that were not recorded are set to 0, so that no result can depend on them.
            let zeroed = |r: usize| {
                responses.row(r).iter().zip(mask.row(r)).map(|(&y, &v)| if v { y } else { 0.0 }).collect()
            };
            Self::Ragged {
                values: kept.iter().map(|&r| zeroed(r)).collect(),
                valid: kept.iter().map(|&r| mask.row(r).to_vec()).collect(),
            }
        };
        // Without an early end, which would look at one response at a time.
        let all_finite = |row: &Vec<f64>| row.iter().fold(true, |all, y| all & y.is_finite());
        if repeats.values().iter().all(all_finite) {
            Ok(repeats)
        } else {
            Err(Undefined::NotFinite(Source::Response))
        }
    }

    /// Repeats that all have the same bins.
    fn complete(values: Vec<Vec<f64>>) -> Self {
        Self::Complete { means: values.iter().map(|row| mean(row)).collect(), values }
    }

    /// The values of each repeat: of the recorded bins if complete, else of all bins, 0 where nothing was recorded.
    pub(crate) fn values(&self) -> &[Vec<f64>] {
        match self {
            Self::Complete { values, .. } | Self::Ragged { values, .. } => values,
        }
    }

    /// Flags of the recorded bins of each repeat, `None` if all repeats have the same.
    pub(crate) fn valid(&self) -> Option<&[Vec<bool>]> {
        match self {
            Self::Complete { .. } => None,
            Self::Ragged { valid, .. } => Some(valid),
        }
    }

    pub(crate) fn n_repeats(&self) -> usize {
        self.values().len()
    }

    /// Returns an error unless every response is a whole number, 0 or more. (Values that were not recorded are 0.)
    pub(crate) fn expect_counts(&self) -> Result<(), Undefined> {
        // Adding 2^52 and taking it away rounds to a whole number; `trunc` is a call for each number on older processors.
        let is_count = |y: f64| (y >= 0.0) & ((y + NO_FRACTION) - NO_FRACTION == y) | (y >= NO_FRACTION);
        let all_counts = |row: &Vec<f64>| row.iter().fold(true, |all, &y| all & is_count(y));
        if self.values().iter().all(all_counts) {
            return Ok(());
        }
        match self.values().iter().flatten().find(|y| !is_count(**y)) {
            None => Ok(()),
            Some(&response) => Err(Undefined::NotCounts { response }),
        }
    }

    /// Concatenates stimuli in time: the i-th repeats of all stimuli become the i-th repeat of the whole. Stimuli without
    /// repeats are skipped.
    ///
    /// # Errors
    /// [`Undefined::UnequalRepeats`] if stimuli have different numbers of repeats.
    pub(crate) fn concatenated(stimuli: &[Self]) -> Result<Self, Undefined> {
        let stimuli: Vec<&Self> = stimuli.iter().filter(|s| s.n_repeats() > 0).collect();
        let counts = || stimuli.iter().map(|s| s.n_repeats());
        let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        if fewest != most {
            return Err(Undefined::UnequalRepeats { fewest, most });
        }
        let joined = |r: usize| stimuli.iter().flat_map(move |s| s.values()[r].iter().copied()).collect();
        let values = (0..most).map(joined).collect();
        if stimuli.iter().all(|s| matches!(s, Self::Complete { .. })) {
            return Ok(Self::complete(values));
        }
        let valid = |r: usize| {
            let of = |s: &&Self| match s {
                Self::Complete { values, .. } => vec![true; values[r].len()],
                Self::Ragged { valid, .. } => valid[r].clone(),
            };
            stimuli.iter().flat_map(of).collect()
        };
        Ok(Self::Ragged { values, valid: (0..most).map(valid).collect() })
    }

    /// The powers, or `None` if no two repeats share at least two bins.
    pub(crate) fn powers(&self) -> Option<Powers> {
        match self {
            Self::Complete { values, means } => complete_powers(values, means),
            Self::Ragged { .. } => self.covariance().powers(),
        }
    }

    /// The mean correlation of pairs of repeats; `None` if no pair has one. Repeats that do not vary are left out.
    ///
    /// Of complete repeats, less their means and scaled to length 1, it is (|sum_r z_r|^2 - R) / (R (R - 1)).
    pub(crate) fn mean_correlation(&self) -> Option<f64> {
        let Self::Complete { values, means } = self else {
            return self.covariance().mean_correlation();
        };
        let (mut sum, mut n) = (vec![0.0; values.first()?.len()], 0.0);
        for row in standardized(values, means) {
            sum.iter_mut().zip(&row).for_each(|(sum, z)| *sum += z);
            n += 1.0;
        }
        mean_over_pairs(&sum, n)
    }

    /// The covariance of every pair of repeats.
    pub(crate) fn covariance(&self) -> RepeatCovariance {
        let n_repeats = self.n_repeats();
        let mut pairs = vec![None; n_repeats * n_repeats];
        let mut set = |i: usize, j: usize, value: Option<f64>| {
            pairs[i * n_repeats + j] = value;
            pairs[j * n_repeats + i] = value;
        };
        match self {
            Self::Complete { values, means } => {
                let dof = values.first().map_or(0, |row| row.len().saturating_sub(1));
                let mut rows = Array2::zeros((n_repeats, dof + 1));
                for ((mut row, values), m) in rows.rows_mut().into_iter().zip(values).zip(means) {
                    row.iter_mut().zip(values).for_each(|(row, y)| *row = y - m);
                }
                for ((i, j), product) in rows.dot(&rows.t()).indexed_iter() {
                    set(i, j, (dof > 0).then(|| product / dof as f64));
                }
            }
            Self::Ragged { values, valid } => {
                for i in 0..n_repeats {
                    for j in i..n_repeats {
                        set(i, j, joint_covariance((&values[i], &valid[i]), (&values[j], &valid[j])));
                    }
                }
            }
        }
        let complete = pairs.iter().copied().collect();
        RepeatCovariance { n_repeats, pairs, complete }
    }
}

/// The rows that vary, less their means and scaled to length 1.
pub(crate) fn standardized(rows: &[Vec<f64>], means: &[f64]) -> impl Iterator<Item = Vec<f64>> {
    rows.iter().zip(means).filter_map(|(row, m)| {
        let floor = rounding_floor(row);
        let mut row: Vec<f64> = row.iter().map(|y| y - m).collect();
        let squares = dot(&row, &row);
        (squares > floor).then(|| {
            let scale = squares.sqrt().recip();
            row.iter_mut().for_each(|z| *z *= scale);
            row
        })
    })
}

/// The mean product of pairs of n [standardized] rows with this sum: their mean correlation; `None` for fewer than two.
pub(crate) fn mean_over_pairs(sum: &[f64], n: f64) -> Option<f64> {
    (n > 1.0).then(|| ((dot(sum, sum) - n) / (n * (n - 1.0))).clamp(-1.0, 1.0))
}

fn recorded_bins(row: ArrayView1<'_, f64>, valid: ArrayView1<'_, bool>) -> Vec<f64> {
    if all_set(valid) {
        return row.to_vec();
    }
    row.iter().zip(valid).filter(|(_, v)| **v).map(|(y, _)| *y).collect()
}

fn complete_powers(rows: &[Vec<f64>], means: &[f64]) -> Option<Powers> {
    let (n_repeats, n_bins) = (rows.len(), rows.first()?.len());
    if n_repeats < 2 || n_bins < 2 {
        return None;
    }
    let (r, dof) = (n_repeats as f64, (n_bins - 1) as f64);
    let (mut sum, mut total, mut deviations) = (vec![0.0; n_bins], 0.0, vec![0.0; n_bins]);
    for (row, m) in rows.iter().zip(means) {
        for ((d, sum), y) in deviations.iter_mut().zip(&mut sum).zip(row) {
            *d = y - m;
            *sum += *d;
        }
        total += dot(&deviations, &deviations);
    }
    let total = total / (r * dof);
    let variance_of_mean = dot(&sum, &sum) / (r * r * dof);
    let signal = (r * variance_of_mean - total) / (r - 1.0);
    Some(Powers { signal, noise: total - signal, total })
}

/// The unbiased covariance over the bins that both repeats have; `None` if there are fewer than two.
pub(crate) fn joint_covariance(a: (&[f64], &[bool]), b: (&[f64], &[bool])) -> Option<f64> {
    let (mut x, mut y) = (Vec::with_capacity(a.0.len()), Vec::with_capacity(a.0.len()));
    for t in (0..a.0.len()).filter(|&t| a.1[t] && b.1[t]) {
        x.push(a.0[t]);
        y.push(b.0[t]);
    }
    (x.len() > 1).then(|| dot(&centred(&x), &centred(&y)) / (x.len() - 1) as f64)
}

/// `(R, R)`: the covariance of repeats i and j over the bins that both have; `None` if they share fewer than two.
#[derive(Clone, Debug)]
pub(crate) struct RepeatCovariance {
    n_repeats: usize,
    pairs: Vec<Option<f64>>,
    /// The same, if there is none that is `None`.
    complete: Option<Vec<f64>>,
}

impl RepeatCovariance {
    pub(crate) fn n_repeats(&self) -> usize {
        self.n_repeats
    }

    pub(crate) fn pair(&self, i: usize, j: usize) -> Option<f64> {
        self.pairs.get(i * self.n_repeats + j).copied().flatten()
    }

    /// The covariances of the means of two groups of repeats, first and second, and of each with itself; `None` without a pair.
    pub(crate) fn of_groups(&self, first: &[usize], second: &[usize]) -> Option<[f64; 3]> {
        let Some(complete) = &self.complete else {
            return Some([
                self.between(first, second)?,
                self.between(first, first)?,
                self.between(second, second)?,
            ]);
        };
        // The covariance of each repeat with the sum of a group.
        let along = |group: &[usize]| {
            let mut sums = vec![0.0; self.n_repeats];
            for &i in group {
                let row = &complete[i * self.n_repeats..(i + 1) * self.n_repeats];
                sums.iter_mut().zip(row).for_each(|(sum, c)| *sum += c);
            }
            sums
        };
        let (a, b) = (along(first), along(second));
        let mean = |sums: &[f64], of: &[usize], over: &[usize]| {
            of.iter().map(|&i| sums[i]).sum::<f64>() / (of.len() * over.len()) as f64
        };
        Some([mean(&a, second, first), mean(&a, first, first), mean(&b, second, second)])
    }

    /// The mean over pairs of one repeat from each group, which is the covariance of the groups' means.
    fn between(&self, first: &[usize], second: &[usize]) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0_u32);
        for &i in first {
            for pair in second.iter().filter_map(|&j| self.pair(i, j)) {
                sum += pair;
                n += 1;
            }
        }
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The mean correlation of distinct pairs that both vary; `None` if there is none.
    pub(crate) fn mean_correlation(&self) -> Option<f64> {
        let (mut sum, mut n) = (0.0, 0_u32);
        for i in 0..self.n_repeats {
            for j in i + 1..self.n_repeats {
                let (Some(ij), Some(ii), Some(jj)) = (self.pair(i, j), self.pair(i, i), self.pair(j, j))
                else {
                    continue;
                };
                if ii > 0.0 && jj > 0.0 {
                    sum += (ij / (ii * jj).sqrt()).clamp(-1.0, 1.0);
                    n += 1;
                }
            }
        }
        (n > 0).then(|| sum / f64::from(n))
    }

    /// The powers from the covariances of pairs, or `None` if there is no pair.
    pub(crate) fn powers(&self) -> Option<Powers> {
        let r = self.n_repeats;
        let distinct: Vec<f64> =
            (0..r).flat_map(|i| (i + 1..r).filter_map(move |j| self.pair(i, j))).collect();
        let own: Vec<f64> = (0..r).filter_map(|i| self.pair(i, i)).collect();
        if distinct.is_empty() {
            return None;
        }
        let (signal, total) = (mean(&distinct), mean(&own));
        Some(Powers { signal, noise: total - signal, total })
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn noisy(n_repeats: usize, n_bins: usize) -> Array3<f64> {
        let mut stream = Seed::new(5).stream("repeats");
        Array3::from_shape_fn((1, n_repeats, n_bins), |(_, _, t)| (t as f64).sin() + stream.normal())
    }

    #[test]
    fn two_repeats_by_hand() {
        let y = Array3::from_shape_vec((1, 2, 3), vec![0.0, 1.0, 2.0, 0.0, 2.0, 1.0]).unwrap();
        let mask = ResponseMask::all(1, 2, 3);
        let powers = Repeats::of(&Recorded::new(y.view(), &mask).unwrap(), 0).unwrap().powers().unwrap();
        assert_eq!(powers, Powers { signal: 0.5, noise: 0.5, total: 1.0 });
    }

    #[test]
    fn pairs_equal_the_closed_form_on_complete_data() {
        for n_repeats in [2, 3, 7] {
            let y = noisy(n_repeats, 50);
            let mask = ResponseMask::all(1, n_repeats, 50);
            let repeats = Repeats::of(&Recorded::new(y.view(), &mask).unwrap(), 0).unwrap();
            let (closed, pairs) = (repeats.powers().unwrap(), repeats.covariance().powers().unwrap());
            assert!((closed.signal - pairs.signal).abs() < 1e-14);
            assert!((closed.noise - pairs.noise).abs() < 1e-14);
            let closed = repeats.mean_correlation().unwrap();
            assert!((closed - repeats.covariance().mean_correlation().unwrap()).abs() < 1e-14);
        }
    }

    #[test]
    fn ragged_repeats_use_the_bins_that_pairs_share() {
        // Repeat 2 lacks the last bin, repeat 3 has one bin and pairs with nobody, repeat 4 was not recorded.
        let y = Array3::from_shape_fn((1, 5, 4), |(_, _, t)| (t * t) as f64);
        let mut valid = Array3::from_elem((1, 5, 4), true);
        valid[[0, 2, 3]] = false;
        for t in 0..4 {
            valid[[0, 3, t]] = t == 0;
            valid[[0, 4, t]] = false;
        }
        let mask = ResponseMask::new(valid);
        let repeats = Repeats::of(&Recorded::new(y.view(), &mask).unwrap(), 0).unwrap();
        assert_eq!(repeats.n_repeats(), 4);
        // var of 0 1 4 9 is 49/3 (pair 0,1), of 0 1 4 is 13/3 (pairs 0,2 and 1,2).
        let signal = repeats.powers().unwrap().signal;
        assert!((signal - (49.0 + 13.0 + 13.0) / 9.0).abs() < 1e-14, "{signal}");
    }

    #[test]
    fn one_repeat_or_one_bin_has_no_power() {
        for (r, t) in [(1, 9), (9, 1)] {
            let y = noisy(r, t);
            let mask = ResponseMask::all(1, r, t);
            let repeats = Repeats::of(&Recorded::new(y.view(), &mask).unwrap(), 0).unwrap();
            assert_eq!(repeats.powers(), None);
            assert_eq!(repeats.covariance().powers(), None);
        }
    }
}
