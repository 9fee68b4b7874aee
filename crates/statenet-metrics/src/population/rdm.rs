//! Representational dissimilarity matrices, their comparison, and its noise ceilings.
//!
//! ```text
//! correlation         d(c, c') = 1 - r over neurons of the patterns y[., c] and y[., c']
//! squared_euclidean   d(c, c') = mean over neurons of (y[n, c] - y[n, c'])^2
//! cross_validated     d(c, c') = mean over n and r != r' of (y_r[n, c] - y_r[n, c']) (y_r'[n, c] - y_r'[n, c'])
//! ```
//! Kriegeskorte et al. (2008); the cross-validated distance is that of Walther et al. (2016) without whitening.

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    moments::{CrossSums, centred, dot, mean_of, rounding_floor},
    undefined::{Score, Source, Undefined},
};

/// How dissimilar two patterns are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dissimilarity {
    /// Mean squared difference over neurons. Noise adds twice its power to every entry.
    #[default]
    SquaredEuclidean,
    /// 1 minus the correlation over neurons: undefined for a pattern that is the same for all neurons, such as a bin without spikes.
    Correlation,
}

/// How two dissimilarity matrices are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RdmComparison {
    /// Correlation of ranks, ties in the middle: whether the order of dissimilarities is the same (Nili et al. 2014).
    #[default]
    Spearman,
    /// Correlation of the dissimilarities.
    Pearson,
}

/// The dissimilarities of all pairs of C conditions.
#[derive(Clone, Debug, PartialEq)]
pub struct Rdm {
    n_conditions: usize,
    /// (0, 1), (0, 2), .., (1, 2), ..
    entries: Vec<f64>,
}

impl Rdm {
    /// The dissimilarities of the columns of `(N, C)`.
    ///
    /// # Errors
    /// [`Undefined::NotFinite`] for numbers that are; [`Undefined::ConstantDissimilarity`] for a pattern without a correlation;
    /// [`Undefined::TooFewConditions`] for fewer than 3.
    ///
    /// # Examples
    /// ```
    /// use ndarray::arr2;
    /// use statenet_metrics::population::{Dissimilarity, Rdm};
    ///
    /// let rdm = Rdm::of(arr2(&[[0., 1., 4.], [0., 1., 0.]]).view(), Dissimilarity::SquaredEuclidean)?;
    /// assert_eq!(rdm.entries(), [1.0, 8.0, 5.0]); // conditions (0, 1), (0, 2), (1, 2)
    /// # Ok::<(), statenet_metrics::Undefined>(())
    /// ```
    pub fn of(patterns: ArrayView2<'_, f64>, dissimilarity: Dissimilarity) -> Result<Self, Undefined> {
        let columns = columns_of(patterns)?;
        match dissimilarity {
            Dissimilarity::SquaredEuclidean => {
                let n = patterns.nrows().max(1) as f64;
                Self::each(columns.len(), |i, j| {
                    let difference: f64 =
                        columns[i].iter().zip(&columns[j]).map(|(a, b)| (a - b) * (a - b)).sum();
                    Ok(difference / n)
                })
            }
            Dissimilarity::Correlation => {
                let unit = |column: &Vec<f64>| {
                    let (deviations, floor) = (centred(column), rounding_floor(column));
                    let squares = dot(&deviations, &deviations);
                    (squares > floor)
                        .then(|| deviations.iter().map(|d| d / squares.sqrt()).collect::<Vec<_>>())
                };
                let units: Vec<Option<Vec<f64>>> = columns.iter().map(unit).collect();
                Self::each(columns.len(), |i, j| match (&units[i], &units[j]) {
                    (Some(a), Some(b)) => Ok(1.0 - dot(a, b)),
                    _ => Err(Undefined::ConstantDissimilarity),
                })
            }
        }
    }

    /// The squared Euclidean distances of the columns of the rates behind R repeats `(N, C)`, without the noise: products of
    /// differences in different repeats. Unbiased, and negative by chance where rates are alike.
    ///
    /// # Errors
    /// As [`of`](Self::of); [`Undefined::TooFewJointRepeats`] for fewer than two repeats, or repeats of different shapes.
    pub fn cross_validated(repeats: &[Array2<f64>]) -> Result<Self, Undefined> {
        let same = repeats.windows(2).all(|pair| pair[0].dim() == pair[1].dim());
        let (Some(first), true, true) = (repeats.first(), repeats.len() > 1, same) else {
            return Err(Undefined::TooFewJointRepeats { repeats: repeats.len().min(1), needed: 2 });
        };
        let n = first.nrows().max(1) as f64;
        let columns =
            repeats.iter().map(|repeat| columns_of(repeat.view())).collect::<Result<Vec<_>, _>>()?;
        let r = repeats.len() as f64;
        Self::each(first.ncols(), |i, j| {
            // Sum over r != r' of d_r d_r' as the square of the sum minus the sum of squares.
            let mut total = 0.0;
            for neuron in 0..first.nrows() {
                let differences = columns.iter().map(|of| of[i][neuron] - of[j][neuron]);
                let (sum, squares) = differences.fold((0.0, 0.0), |(s, q), d| (s + d, q + d * d));
                total += sum * sum - squares;
            }
            Ok(total / (r * (r - 1.0) * n))
        })
    }

    fn each(
        n: usize,
        entry: impl Fn(usize, usize) -> Result<f64, Undefined> + Sync,
    ) -> Result<Self, Undefined> {
        if n < 3 {
            return Err(Undefined::TooFewConditions { conditions: n, needed: 3 });
        }
        let row = |i: usize| (i + 1..n).map(|j| entry(i, j)).collect::<Result<Vec<_>, _>>();
        let rows: Vec<Vec<f64>> = (0..n).into_par_iter().map(row).collect::<Result<_, _>>()?;
        Ok(Self { n_conditions: n, entries: rows.concat() })
    }

    /// Number of conditions C.
    #[must_use]
    pub fn n_conditions(&self) -> usize {
        self.n_conditions
    }

    /// The dissimilarities of conditions (0, 1), (0, 2), .., (1, 2), .., C (C - 1) / 2 of them.
    #[must_use]
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// The matrix `(C, C)`, symmetric with zeros on the diagonal.
    #[must_use]
    pub fn matrix(&self) -> Array2<f64> {
        let n = self.n_conditions;
        let mut matrix = Array2::zeros((n, n));
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        for ((i, j), entry) in pairs.zip(&self.entries) {
            matrix[[i, j]] = *entry;
            matrix[[j, i]] = *entry;
        }
        matrix
    }

    /// How alike two matrices of the same conditions are, -1 to 1.
    ///
    /// Undefined if one does not vary, or the conditions differ in number.
    pub fn compare(&self, other: &Self, comparison: RdmComparison) -> Score {
        let (a, b) = (comparison.values(self), comparison.values(other));
        correlation(&a, &b)
    }
}

impl RdmComparison {
    /// What is correlated: the dissimilarities, or their ranks.
    fn values(self, rdm: &Rdm) -> Vec<f64> {
        match self {
            Self::Pearson => rdm.entries.clone(),
            Self::Spearman => ranks(&rdm.entries),
        }
    }
}

/// Lower and upper noise ceiling of the mean comparison of a model with several matrices of the same conditions: of animals,
/// sites or repeats (Nili et al. 2014).
///
/// ```text
/// upper = mean_s compare(D_s, mean of all z(D))          lower = mean_s compare(D_s, mean of the others' z(D))
/// ```
/// z(D): the dissimilarities, or their ranks, minus their mean, over their deviation. No matrix can compare better with all
/// D_s than their mean: the upper ceiling is above what the true matrix is expected to reach, and the lower one below; they
/// meet as the number of matrices grows.
///
/// Undefined for fewer than two matrices, of different conditions, or if one does not vary.
///
/// # Errors
/// The reason why they are undefined.
///
/// # Examples
/// ```
/// use ndarray::arr2;
/// use statenet_metrics::population::{Dissimilarity, Rdm, RdmComparison, noise_ceiling};
///
/// let rdm = |x: [f64; 4]| Rdm::of(arr2(&[x]).view(), Dissimilarity::SquaredEuclidean);
/// let same = [rdm([0., 1., 3., 7.])?, rdm([0., 1., 3., 7.])?];
/// let [lower, upper] = noise_ceiling(&same, RdmComparison::Spearman)?;
/// assert!((lower - 1.0).abs() < 1e-12 && (upper - 1.0).abs() < 1e-12);
/// # Ok::<(), statenet_metrics::Undefined>(())
/// ```
pub fn noise_ceiling(rdms: &[Rdm], comparison: RdmComparison) -> Result<[f64; 2], Undefined> {
    if rdms.len() < 2 {
        return Err(Undefined::TooFewValues { n: rdms.len(), needed: 2 });
    }
    let standard = |rdm: &Rdm| {
        let deviations = centred(&comparison.values(rdm));
        let squares = dot(&deviations, &deviations);
        if squares <= rounding_floor(&rdm.entries) {
            return Err(Undefined::ConstantDissimilarity);
        }
        Ok(deviations.into_iter().map(|d| d / squares.sqrt()).collect::<Vec<_>>())
    };
    let standard = rdms.iter().map(standard).collect::<Result<Vec<_>, _>>()?;
    let mut sum = vec![0.0; standard.first().map_or(0, Vec::len)];
    for of in &standard {
        if of.len() != sum.len() {
            return Err(Undefined::TooFewConditions {
                conditions: of.len().min(sum.len()),
                needed: sum.len(),
            });
        }
        sum.iter_mut().zip(of).for_each(|(sum, z)| *sum += z);
    }
    let mean_with = |average: &dyn Fn(&[f64]) -> Vec<f64>| -> Score {
        let scores = standard.iter().map(|of| {
            // A Spearman comparison ranks the average too.
            let average = average(of);
            match comparison {
                RdmComparison::Pearson => correlation(of, &average),
                RdmComparison::Spearman => correlation(of, &ranks(&average)),
            }
        });
        let scores = scores.collect::<Result<Vec<f64>, _>>()?;
        mean_of(&scores).ok_or(Undefined::NoData)
    };
    let others = |of: &[f64]| sum.iter().zip(of).map(|(sum, z)| sum - z).collect();
    Ok([mean_with(&others)?, mean_with(&|_| sum.clone())?])
}

/// Columns, all finite.
fn columns_of(patterns: ArrayView2<'_, f64>) -> Result<Vec<Vec<f64>>, Undefined> {
    if !patterns.iter().all(|x| x.is_finite()) {
        return Err(Undefined::NotFinite(Source::Response));
    }
    Ok(patterns.axis_iter(Axis(1)).map(|column| column.to_vec()).collect())
}

fn correlation(a: &[f64], b: &[f64]) -> Score {
    if a.len() != b.len() {
        return Err(Undefined::TooFewConditions {
            conditions: a.len().min(b.len()),
            needed: a.len().max(b.len()),
        });
    }
    CrossSums::of(a, b).correlation().map_err(|reason| match reason {
        Undefined::ConstantRate | Undefined::ConstantResponse => Undefined::ConstantDissimilarity,
        other => other,
    })
}

/// Ranks from 0; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let tied = order[from..].iter().take_while(|&&i| values[i] == values[order[from]]).count();
        let rank = from as f64 + (tied - 1) as f64 / 2.0;
        order[from..from + tied].iter().for_each(|&i| ranks[i] = rank);
        from += tied;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;
    use statenet_core::Seed;

    use super::*;

    #[test]
    fn correlation_distances_by_hand() {
        let patterns = arr2(&[[1., 3., 2.], [2., 2., 4.], [3., 1., 6.]]);
        let rdm = Rdm::of(patterns.view(), Dissimilarity::Correlation).unwrap();
        let expected = [2.0, 0.0, 2.0];
        assert!(rdm.entries().iter().zip(expected).all(|(d, e)| (d - e).abs() < 1e-12), "{rdm:?}");
        assert_eq!(rdm.matrix()[[2, 1]], rdm.entries()[2]);
        let constant = arr2(&[[1., 0., 2.], [2., 0., 4.]]);
        let reason = Rdm::of(constant.view(), Dissimilarity::Correlation).unwrap_err();
        assert_eq!(reason, Undefined::ConstantDissimilarity);
        let two = Rdm::of(arr2(&[[1., 2.]]).view(), Dissimilarity::SquaredEuclidean).unwrap_err();
        assert_eq!(two, Undefined::TooFewConditions { conditions: 2, needed: 3 });
    }

    #[test]
    fn noise_raises_distances_but_not_the_cross_validated_ones() {
        // Truth: 0.5, 2, 0.5 over two neurons of a ramp and a constant; noise of variance 1.
        let (n_draws, mut stream) = (4000, Seed::new(9).stream("noise"));
        let (mut plain, mut cross) = ([0.0; 3], [0.0; 3]);
        for _ in 0..n_draws {
            let repeats: Vec<Array2<f64>> = (0..3)
                .map(|_| {
                    Array2::from_shape_fn(
                        (2, 3),
                        |(n, c)| if n == 0 { c as f64 } else { 5.0 } + stream.normal(),
                    )
                })
                .collect();
            let rdm = Rdm::of(repeats[0].view(), Dissimilarity::SquaredEuclidean).unwrap();
            let unbiased = Rdm::cross_validated(&repeats).unwrap();
            for k in 0..3 {
                plain[k] += rdm.entries()[k] / f64::from(n_draws);
                cross[k] += unbiased.entries()[k] / f64::from(n_draws);
            }
        }
        for (k, truth) in [0.5, 2.0, 0.5].into_iter().enumerate() {
            assert!((cross[k] - truth).abs() < 0.1, "{cross:?}");
            assert!((plain[k] - truth - 2.0).abs() < 0.2, "{plain:?}");
        }
    }

    #[test]
    fn ranks_with_ties_by_hand() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 0.0]), [2.5, 1.0, 2.5, 0.0]);
    }

    /// Subjects see the same conditions in the same code with noise: the true matrix lies between the ceilings on average.
    #[test]
    fn the_truth_lies_between_the_ceilings() {
        let mut stream = Seed::new(2).stream("subjects");
        let code = Array2::from_shape_fn((8, 12), |_| stream.normal());
        let truth = Rdm::of(code.view(), Dissimilarity::SquaredEuclidean).unwrap();
        for comparison in [RdmComparison::Pearson, RdmComparison::Spearman] {
            let (n_draws, mut sums) = (60, [0.0; 3]);
            for _ in 0..n_draws {
                let subjects: Vec<Rdm> = (0..6)
                    .map(|_| {
                        let noisy = code.mapv(|x| x + stream.normal());
                        Rdm::of(noisy.view(), Dissimilarity::SquaredEuclidean).unwrap()
                    })
                    .collect();
                let [lower, upper] = noise_ceiling(&subjects, comparison).unwrap();
                let scores: Vec<f64> =
                    subjects.iter().map(|s| s.compare(&truth, comparison).unwrap()).collect();
                sums[0] += lower;
                sums[1] += mean_of(&scores).unwrap();
                sums[2] += upper;
            }
            let [lower, true_score, upper] = sums.map(|sum| sum / f64::from(n_draws));
            assert!(lower < true_score && true_score < upper, "{lower} {true_score} {upper}");
            assert!(lower > 0.2 && upper < 0.95, "{lower} {upper}");
        }
        let one = noise_ceiling(std::slice::from_ref(&truth), RdmComparison::Pearson).unwrap_err();
        assert_eq!(one, Undefined::TooFewValues { n: 1, needed: 2 });
    }
}
