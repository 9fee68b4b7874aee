//! Signal variance by dimension, and how much of it a prediction has: cross-validated PCA (Stringer et al. 2019).
//!
//! ```text
//! u_k                 k-th principal component (N) of the mean of one half of the repeats, over conditions
//! s_k = cov(u_k . h1, u_k . h2)                                  h1, h2 (N, C) the means of the two halves
//! shared_k = cov(u_k . p, u_k . h2) / sqrt(var(u_k . p) s_k)     p (N, C) the prediction
//! ```
//! Each halving is used both ways, and covariances and variances are averaged over random halvings before they are divided.

use faer::{Mat, Side};
use ndarray::Array2;
use serde::{Deserialize, Serialize};
use statenet_core::Seed;

use crate::{
    error::{Error, Result},
    observation::{Observation, recorded},
    population::{
        JointCounts,
        joint::{Joint, centre},
    },
    undefined::{Score, Source, Undefined, finite},
};

/// Signal variance of each dimension of a population, largest first, and how well a prediction follows it there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SharedDimensions {
    /// Signal variance along each principal component, (spikes/bin)^2; noise can make small ones negative.
    pub signal: Vec<f64>,
    /// Noise-corrected correlation of prediction and response along each; why it is undefined where the signal variance is not above 0
    /// or the prediction does not vary.
    pub shared: Vec<Score>,
    /// Share of the whole signal variance that the best linear scaling of the prediction in each dimension explains.
    pub explained: Score,
    /// What they are made of.
    pub counts: JointCounts,
}

impl SharedDimensions {
    /// How many dimensions hold a share of the signal variance, above 0 and at most 1; `None` if there is no signal.
    #[must_use]
    pub fn n_for(&self, share: f64) -> Option<usize> {
        let total: f64 = self.signal.iter().sum();
        let mut held = 0.0;
        let enough = self.signal.iter().position(|s| {
            held += s;
            held >= share * total * (1.0 - 1e-12)
        });
        if total > 0.0 { enough.map(|k| k + 1) } else { None }
    }
}

/// Signal variance by dimension, and the part of it that a prediction shares.
///
/// The components come from one half of the repeats, the variance from the covariance with the other, so that noise adds
/// nothing to it on average, whereas the eigenvalues of PSTHs contain noise in every dimension. Conditions are the bins of all
/// stimuli, centred over all of them; a neuron counts as much as its variance.
///
/// - `n_halvings`: random halvings of the repeats, at least 1.
/// - Needs two repeats. Bias: the sum of the signal variances is unbiased. Components of a noisy half are not those
///   of the rates: variance moves from leading dimensions to later ones, the more the fewer repeats, so that the number of
///   dimensions is overestimated. `shared` has a bias of order 1 / conditions, away from 0.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus, the stimuli differ in N, or `n_halvings` is 0.
///
/// # Examples
/// ```
/// use ndarray::{Array3, arr2};
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Observation, population};
///
/// // Two neurons without noise; the prediction has the first, which has 4 times the variance, and not the second.
/// let rate = [[2., -2., 0., 0.], [0., 0., 1., -1.]];
/// let y = Array3::from_shape_fn((2, 2, 4), |(n, _, t)| rate[n][t]);
/// let prediction = arr2(&[[20., -20., 0., 0.], [1., -1., 0., 0.]]);
/// let mask = ResponseMask::all(2, 2, 4);
/// let observation = Observation::new(prediction.view(), y.view(), &mask)?;
/// let shared = population::shared_dimensions(&[observation], 1, Seed::new(0))?;
/// let shared = shared?;
/// assert!((shared.signal[0] - 8.0 / 3.0).abs() < 1e-12 && (shared.signal[1] - 2.0 / 3.0).abs() < 1e-12);
/// assert!(shared.shared[0].is_ok_and(|r| (r.abs() - 1.0).abs() < 1e-12));
/// assert!(shared.shared[1].is_ok_and(|r| r.abs() < 1e-12));
/// assert!(shared.explained.is_ok_and(|e| (e - 0.8).abs() < 1e-12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shared_dimensions(
    observations: &[Observation<'_>],
    n_halvings: usize,
    seed: Seed,
) -> Result<Result<SharedDimensions, Undefined>> {
    if n_halvings == 0 {
        return Err(Error::OutOfRange { option: "n_halvings", got: 0.0, expected: "1 or more" });
    }
    Ok(Joint::of(&recorded(observations), 2)?.and_then(|joint| {
        let rates = Array2::from_shape_fn((joint.neurons.len(), joint.bins.len()), |(i, c)| {
            let (b, t) = joint.bins[c];
            observations[b].rate()[[joint.neurons[i], t]]
        });
        if !rates.iter().all(|p| p.is_finite()) {
            return Err(Undefined::NotFinite(Source::Rate));
        }
        of_joint(&joint, &centre(rates), n_halvings, seed)
    }))
}

fn of_joint(
    joint: &Joint,
    rates: &Array2<f64>,
    n_halvings: usize,
    seed: Seed,
) -> Result<SharedDimensions, Undefined> {
    let n = joint.neurons.len();
    let mut sums = vec![Sums::default(); n];
    for halving in 0..n_halvings {
        let mut order: Vec<usize> = (0..joint.repeats.len()).collect();
        seed.stream(&format!("halving/{halving}")).shuffle(&mut order);
        let (first, second) = order.split_at(order.len() / 2);
        let halves = [first, second].map(|half| joint.centred_mean(half));
        for (fitted, held_out) in [(0, 1), (1, 0)] {
            let components = components(&halves[fitted])?;
            let [own, other] = [fitted, held_out].map(|half| components.dot(&halves[half]));
            let predicted = components.dot(rates);
            for (k, sums) in sums.iter_mut().enumerate() {
                let (own, other, predicted) = (own.row(k), other.row(k), predicted.row(k));
                sums.signal += own.dot(&other);
                sums.shared += predicted.dot(&other);
                sums.rate += predicted.dot(&predicted);
            }
        }
    }
    let scale = 2.0 * n_halvings as f64 * (joint.bins.len() - 1) as f64;
    let signal: Vec<f64> = sums.iter().map(|sums| sums.signal / scale).collect();
    let total: f64 = signal.iter().sum();
    let largest = sums.iter().fold(0.0, |m: f64, sums| m.max(sums.rate));
    let shared = |sums: &Sums| {
        if sums.signal <= 0.0 {
            return Err(Undefined::no_signal(sums.signal / scale));
        }
        if sums.rate <= f64::EPSILON * f64::EPSILON * largest {
            return Err(Undefined::ConstantRate);
        }
        finite(sums.shared / (sums.rate * sums.signal).sqrt())
    };
    let explained = || {
        if total <= 0.0 {
            return Err(Undefined::no_signal(total));
        }
        let of = |sums: &Sums| if sums.rate > 0.0 { sums.shared * sums.shared / sums.rate } else { 0.0 };
        finite(sums.iter().map(of).sum::<f64>() / scale / total)
    };
    Ok(SharedDimensions {
        shared: sums.iter().map(shared).collect(),
        explained: explained(),
        signal,
        counts: joint.counts(),
    })
}

/// Sums of one dimension over conditions and halvings.
#[derive(Clone, Copy, Default)]
struct Sums {
    signal: f64,
    shared: f64,
    rate: f64,
}

/// The principal components of `(N, C)`, one a row, largest variance first.
fn components(half: &Array2<f64>) -> Result<Array2<f64>, Undefined> {
    let n = half.nrows();
    let products = half.dot(&half.t());
    let gram = Mat::from_fn(n, n, |i, j| products[[i, j]]);
    let Ok(eigen) = gram.self_adjoint_eigen(Side::Lower) else {
        return Err(Undefined::NotFinite(Source::Response));
    };
    // faer returns eigenvalues in increasing order.
    Ok(Array2::from_shape_fn((n, n), |(k, i)| eigen.U()[(i, n - 1 - k)]))
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;

    /// Ten neurons of three signals of variances 10, 5, 2.5 along fixed directions, noise of variance 1 each.
    fn simulated(n_repeats: usize, n_bins: usize) -> (Array2<f64>, Array3<f64>) {
        let mut stream = Seed::new(4).stream("population");
        let signals = Array2::from_shape_fn((3, n_bins), |_| stream.normal());
        let variances = [10f64, 5.0, 2.5];
        let rates = Array2::from_shape_fn((10, n_bins), |(n, t)| {
            if n < 3 { variances[n].sqrt() * signals[[n, t]] } else { 0.0 }
        });
        let responses =
            Array3::from_shape_fn((10, n_repeats, n_bins), |(n, _, t)| rates[[n, t]] + stream.normal());
        (rates, responses)
    }

    fn of(rates: &Array2<f64>, y: &Array3<f64>) -> SharedDimensions {
        let mask = ResponseMask::all(y.dim().0, y.dim().1, y.dim().2);
        let observation = Observation::new(rates.view(), y.view(), &mask).unwrap();
        shared_dimensions(&[observation], 10, Seed::new(1)).unwrap().unwrap()
    }

    #[test]
    fn three_dimensions_of_signal_are_found_and_noise_is_none() {
        let (rates, y) = simulated(6, 2000);
        let shared = of(&rates, &y);
        for (got, expected) in shared.signal.iter().zip([10.0, 5.0, 2.5]) {
            // The signals of 2000 bins have variances within 3 % of the expected.
            assert!((got / expected - 1.0).abs() < 0.1, "{:?}", shared.signal);
        }
        assert!(shared.signal[3..].iter().all(|s| s.abs() < 0.05), "{:?}", shared.signal);
        assert_eq!((shared.n_for(0.5), shared.n_for(0.8), shared.n_for(0.98)), (Some(1), Some(2), Some(3)));
        for r in &shared.shared[..3] {
            assert!((r.unwrap().abs() - 1.0).abs() < 0.02, "{:?}", shared.shared);
        }
        assert!((shared.explained.unwrap() - 1.0).abs() < 0.03);
    }

    #[test]
    fn a_prediction_of_the_first_signal_alone_shares_one_dimension() {
        let (mut rates, y) = simulated(6, 2000);
        rates.row_mut(1).fill(0.0);
        rates.row_mut(2).fill(0.0);
        let shared = of(&rates, &y);
        assert!((shared.shared[0].unwrap().abs() - 1.0).abs() < 0.02, "{:?}", shared.shared);
        assert!((shared.explained.unwrap() - 10.0 / 17.5).abs() < 0.04, "{:?}", shared.explained);
    }

    #[test]
    fn a_single_repeat_has_no_dimensions() {
        let (rates, y) = simulated(1, 30);
        let mask = ResponseMask::all(10, 1, 30);
        let observation = Observation::new(rates.view(), y.view(), &mask).unwrap();
        let reason = shared_dimensions(&[observation], 1, Seed::new(1)).unwrap().unwrap_err();
        assert_eq!(reason, Undefined::TooFewJointRepeats { repeats: 1, needed: 2 });
    }
}
