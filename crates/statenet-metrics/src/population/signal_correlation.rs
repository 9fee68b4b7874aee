//! Signal correlations, corrected for noise.
//!
//! ```text
//! C(i, j) = sum_b (T_b - 1) mean_{r != r'} cov_t(y_i[b,r], y_j[b,r']) / sum_b (T_b - 1)
//! r_signal(i, j) = C(i, j) / sqrt(C(i, i) C(j, j)),       C(i, i) = SP_i
//! ```

use ndarray::Axis;
use rayon::prelude::*;

use crate::{
    error::Result,
    moments::{centred, dot, mean_of},
    observation::{Recorded, n_neurons},
    population::PairScores,
    powers::PowerSum,
    repeats::{Powers, Repeats, joint_covariance},
    undefined::{Undefined, finite},
};

/// Correlation of the rates of two neurons, for every pair: how alike they respond to the stimuli.
///
/// The correlation of two PSTHs is too small, since they are noisy, and too large if noise is shared by neurons recorded
/// simultaneously. Here covariances are those of different repeats, which share no noise, and the variances are [signal
/// powers](crate::ceilings::signal_power): on average neither happens. Neurons need not be recorded simultaneously.
///
/// - Centred within each stimulus, as all noise-corrected scores of this crate; repeats may be ragged, a pair of repeats counts over
///   the bins that both have.
/// - Not clamped: noise can lead beyond -1 and 1. The covariance is unbiased; the ratio has a bias of order 1 / (bins of
///   independent signal), away from 0 where signal powers are small beside their error.
/// - Undefined where the signal power of one is not above 0, or where no two repeats share two bins.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
///
/// # Examples
/// ```
/// use ndarray::Array3;
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, population};
///
/// // Two equal repeats, three neurons: a ramp, a steeper ramp, a falling one.
/// let y = Array3::from_shape_fn((3, 2, 5), |(n, _, t)| [1.0, 4.0, -2.0][n] * t as f64);
/// let mask = ResponseMask::all(3, 2, 5);
/// let pairs = population::signal_correlation(&[Recorded::new(y.view(), &mask)?])?;
/// let r: Vec<f64> = pairs.iter().filter_map(|(_, _, r)| r.ok()).collect();
/// assert!(r.iter().zip([1.0, -1.0, -1.0]).all(|(r, expected)| (r - expected).abs() < 1e-12));
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn signal_correlation(recorded: &[Recorded<'_>]) -> Result<PairScores> {
    let n = n_neurons(recorded)?;
    let rows: Vec<Vec<Rows>> = recorded
        .par_iter()
        .map(|stimulus| (0..n).map(|neuron| Rows::of(stimulus, neuron)).collect())
        .collect();
    Ok(PairScores::of(n, |i, j| {
        let (mut sum, mut weight, mut powers) = (0.0, 0.0, [PowerSum::default(); 2]);
        for rows in &rows {
            let [a, b] = [&rows[i], &rows[j]];
            let (own_a, own_b) = (a.powers?, b.powers?);
            powers[0].add(own_a, a.n_repeats, a.n_bins);
            powers[1].add(own_b, b.n_repeats, b.n_bins);
            if let Some(covariance) = a.signal_covariance(b) {
                sum += a.dof(b) * covariance;
                weight += a.dof(b);
            }
        }
        let [a, b] = powers.map(|powers| powers.pooled()?.positive_signal());
        let scale = (a? * b?).sqrt();
        if weight > 0.0 { finite(sum / weight / scale) } else { Err(Undefined::NoSharedBins) }
    }))
}

/// The repeats of one neuron and stimulus.
struct Rows {
    values: Vec<Vec<f64>>,
    valid: Vec<Vec<bool>>,
    /// Deviations of each repeat from its mean, and their sum over repeats, if nothing is missing.
    complete: Option<(Vec<Vec<f64>>, Vec<f64>)>,
    /// Of this stimulus; `None` if undefined.
    powers: Result<Option<Powers>, Undefined>,
    n_repeats: usize,
    /// Bins with a PSTH.
    n_bins: usize,
}

impl Rows {
    fn of(stimulus: &Recorded<'_>, neuron: usize) -> Self {
        let responses = stimulus.responses().index_axis_move(Axis(0), neuron);
        let mask = stimulus.mask().view();
        let mask = mask.index_axis(Axis(0), neuron);
        let valid: Vec<Vec<bool>> = mask.rows().into_iter().map(|row| row.to_vec()).collect();
        let row = |(y, valid): (ndarray::ArrayView1<'_, f64>, &Vec<bool>)| {
            y.iter().zip(valid).map(|(&y, &v)| if v { y } else { 0.0 }).collect::<Vec<_>>()
        };
        let values: Vec<Vec<f64>> = responses.rows().into_iter().zip(&valid).map(row).collect();
        let complete = valid.iter().flatten().all(|&v| v).then(|| {
            let deviations: Vec<Vec<f64>> = values.iter().map(|row| centred(row)).collect();
            let mut sum = vec![0.0; stimulus.n_bins()];
            deviations.iter().for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, d)| *sum += d));
            (deviations, sum)
        });
        let repeats = Repeats::of(stimulus, neuron);
        let n_repeats = repeats.as_ref().map_or(0, Repeats::n_repeats);
        let n_bins = (0..stimulus.n_bins()).filter(|&t| valid.iter().any(|row| row[t])).count();
        Self { values, valid, complete, powers: repeats.map(|r| r.powers()), n_repeats, n_bins }
    }

    /// Mean covariance of different repeats; `None` if no two share two bins.
    fn signal_covariance(&self, other: &Self) -> Option<f64> {
        if let (Some((a, sum_a)), Some((b, sum_b))) = (&self.complete, &other.complete) {
            let (n_repeats, n_bins) = (a.len(), sum_a.len());
            if n_repeats < 2 || n_bins < 2 {
                return None;
            }
            let (n, dof) = (n_repeats as f64, (n_bins - 1) as f64);
            let same: f64 = a.iter().zip(b).map(|(a, b)| dot(a, b)).sum();
            return Some((dot(sum_a, sum_b) - same) / (n * (n - 1.0) * dof));
        }
        let mut pairs = Vec::new();
        for (r, (a, valid_a)) in self.values.iter().zip(&self.valid).enumerate() {
            for (s, (b, valid_b)) in other.values.iter().zip(&other.valid).enumerate() {
                if r != s {
                    pairs.extend(joint_covariance((a, valid_a), (b, valid_b)));
                }
            }
        }
        mean_of(&pairs)
    }

    /// Degrees of freedom over the bins of which both neurons have a PSTH.
    fn dof(&self, other: &Self) -> f64 {
        let bins = self.valid.first().map_or(0, Vec::len);
        let has = |rows: &Self, t: usize| rows.complete.is_some() || rows.valid.iter().any(|row| row[t]);
        (0..bins).filter(|&t| has(self, t) && has(other, t)).count().saturating_sub(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::undefined::Score;

    const TRUTH: f64 = 0.6;

    /// Two rates of correlation .6 and variance 1 over 60 bins, and noise of variance 2, half of it shared.
    fn simulated(seed: u64) -> Array3<f64> {
        let mut fixed = Seed::new(1).stream("rates");
        let mut draw = || centred(&(0..60).map(|_| fixed.normal()).collect::<Vec<_>>());
        let (a, b) = (draw(), draw());
        // Orthogonal and of variance 1, so that the correlation is exact.
        let b: Vec<f64> = b.iter().zip(&a).map(|(y, x)| y - x * dot(&b, &a) / dot(&a, &a)).collect();
        let unit = |x: &[f64]| {
            let sd = (dot(x, x) / 59.0).sqrt();
            x.iter().map(|v| v / sd).collect::<Vec<_>>()
        };
        let (a, b) = (unit(&a), unit(&b));
        let mut stream = Seed::new(seed).stream("noise");
        let common: Vec<f64> = (0..4 * 60).map(|_| stream.normal()).collect();
        Array3::from_shape_fn((2, 4, 60), |(n, r, t)| {
            let rate = if n == 0 { a[t] } else { TRUTH * a[t] + (1.0 - TRUTH * TRUTH).sqrt() * b[t] };
            rate + common[60 * r + t] + stream.normal()
        })
    }

    fn correlation(y: &Array3<f64>, mask: &ResponseMask) -> Score {
        signal_correlation(&[Recorded::new(y.view(), mask).unwrap()]).unwrap().pair(0, 1).unwrap()
    }

    #[test]
    fn shared_noise_does_not_raise_it_and_noise_does_not_lower_it() {
        let n_draws = 300;
        let (mut sum, mut squares, mut naive) = (0.0, 0.0, 0.0);
        for seed in 0..n_draws {
            let y = simulated(seed);
            let r = correlation(&y, &ResponseMask::all(2, 4, 60)).unwrap();
            (sum, squares) = (sum + r, squares + r * r);
            let psth = y.mean_axis(Axis(1)).unwrap();
            let sums = crate::moments::CrossSums::of(&psth.row(0).to_vec(), &psth.row(1).to_vec());
            naive += sums.correlation().unwrap();
        }
        let n = n_draws as f64;
        let (mean, naive) = (sum / n, naive / n);
        let error = ((squares / n - mean * mean) / n).sqrt();
        // The ratio's own bias is below .01 here.
        assert!((mean - TRUTH).abs() < 3.0 * error + 0.01, "{mean} +- {error}");
        // The PSTHs: (.6 + .25) / 1.5.
        assert!((naive - 0.85 / 1.5).abs() < 0.02, "{naive}");
    }

    #[test]
    fn the_ragged_way_equals_the_complete_one() {
        let y = simulated(5);
        let complete = correlation(&y, &ResponseMask::all(2, 4, 60)).unwrap();
        // A fifth repeat that nobody has.
        let more = Array3::from_shape_fn((2, 5, 60), |(n, r, t)| if r < 4 { y[[n, r, t]] } else { f64::NAN });
        let mask = ResponseMask::new(more.mapv(|v: f64| !v.is_nan()));
        assert!((correlation(&more, &mask).unwrap() - complete).abs() < 1e-12);
    }

    #[test]
    fn reasons_say_what_is_missing() {
        let y = Array3::from_shape_fn((2, 1, 6), |(n, _, t)| (n + t) as f64);
        let one = correlation(&y, &ResponseMask::all(2, 1, 6));
        assert_eq!(one, Err(Undefined::TooFewRepeats { repeats: 1 }));
        // Each has two repeats, of different bins.
        let y = Array3::from_shape_fn((2, 2, 6), |(n, r, t)| {
            if (n == 0) == (t < 3) { (t * (r + 1)) as f64 } else { f64::NAN }
        });
        let mask = ResponseMask::new(y.mapv(|v: f64| !v.is_nan()));
        assert_eq!(correlation(&y, &mask), Err(Undefined::NoSharedBins));
    }
}
