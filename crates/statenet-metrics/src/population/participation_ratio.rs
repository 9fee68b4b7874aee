//! The dimensionality of a population's signal, as one number.
//!
//! ```text
//! PR = (tr C)^2 / tr(C^2),        C (N, N) the covariance of the neurons' rates over conditions
//! ```
//! (Gao et al. 2017). With A and B two estimates of C from different repeats, each the covariance of two means over different
//! repeats, and E the mean over random divisions of the repeats in four:
//!
//! ```text
//! PR = E[tr A tr B] / E[tr(A B)]
//! ```

use ndarray::Array2;
use statenet_core::Seed;

use crate::{
    error::{Error, Result},
    observation::Recorded,
    population::joint::Joint,
    undefined::{Score, Undefined, finite},
};

/// Participation ratio of the signal covariance: 1 if all neurons follow one signal, K for K independent signals of equal
/// power.
///
/// Conditions are the bins of all stimuli, and rates are centred over all of them, so that differences between stimuli
/// count. The covariance of PSTHs contains noise, which has as many dimensions as there are neurons; here no two factors of
/// a product share a repeat, so that noise, also noise that neurons share, adds nothing on average to numerator and denominator.
///
/// - `n_divisions`: random divisions of the repeats into four groups, at least 1; more of them make it more exact.
/// - Needs four repeats. Bias: numerator and denominator are unbiased for the stimuli presented, the ratio has one of the order of the
///   relative variance of the denominator, upwards. Without correction the ratio for PSTHs is too large.
/// - Undefined if an estimate is not above 0.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus, the stimuli differ in N, or `n_divisions` is 0.
///
/// # Examples
/// ```
/// use ndarray::Array3;
/// use statenet_core::{ResponseMask, Seed};
/// use statenet_metrics::{Recorded, population};
///
/// // Two neurons that respond to different bins, alike in all four repeats: two dimensions of equal power.
/// let y = Array3::from_shape_fn((2, 4, 4), |(n, _, t)| [[1., -1., 0., 0.], [0., 0., 1., -1.]][n][t]);
/// let mask = ResponseMask::all(2, 4, 4);
/// let ratio = population::participation_ratio(&[Recorded::new(y.view(), &mask)?], 3, Seed::new(0))?;
/// assert!(ratio.is_ok_and(|ratio| (ratio - 2.0).abs() < 1e-12));
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn participation_ratio(recorded: &[Recorded<'_>], n_divisions: usize, seed: Seed) -> Result<Score> {
    if n_divisions == 0 {
        return Err(Error::OutOfRange { option: "n_divisions", got: 0.0, expected: "1 or more" });
    }
    Ok(Joint::of(recorded, 4)?.and_then(|joint| of_joint(&joint, n_divisions, seed)))
}

fn of_joint(joint: &Joint, n_divisions: usize, seed: Seed) -> Score {
    let (mut numerator, mut denominator, mut trace) = (0.0, 0.0, 0.0);
    for division in 0..n_divisions {
        let mut order: Vec<usize> = (0..joint.repeats.len()).collect();
        seed.stream(&format!("division/{division}")).shuffle(&mut order);
        let group = |g: usize| -> Vec<usize> { order.iter().copied().skip(g).step_by(4).collect() };
        let [a, b, c, d] = [0, 1, 2, 3].map(|g| joint.centred_mean(&group(g)));
        let (first, second) = (covariance(&a, &b), covariance(&c, &d));
        let traces = [&first, &second].map(|m| m.diag().sum());
        numerator += traces[0] * traces[1];
        denominator += (&first * &second).sum();
        trace += (traces[0] + traces[1]) / 2.0;
    }
    if numerator <= 0.0 || denominator <= 0.0 || trace <= 0.0 {
        return Err(Undefined::no_signal(trace / n_divisions as f64 / joint.neurons.len() as f64));
    }
    finite(numerator / denominator)
}

/// The covariance of two means over conditions, symmetric: `(N, N)`.
fn covariance(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let product = a.dot(&b.t()) / (a.ncols().max(2) - 1) as f64;
    (&product + &product.t()) / 2.0
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::ResponseMask;

    use super::*;

    /// 20 neurons that mix K signals of equal power, with noise of twice that power.
    fn simulated(n_signals: usize, seed: u64) -> Array3<f64> {
        let mut stream = Seed::new(seed).stream("population");
        let (n_neurons, n_bins, n_repeats) = (20, 300, 8);
        let mut draw =
            |rows: usize, columns: usize| Array2::from_shape_fn((rows, columns), |_| stream.normal());
        let mut weights = draw(n_neurons, n_signals);
        // Orthonormal columns, so that all signals have the same power in the population.
        for k in 0..n_signals {
            for l in 0..k {
                let along = weights.column(k).dot(&weights.column(l));
                let other = weights.column(l).to_owned();
                weights.column_mut(k).scaled_add(-along, &other);
            }
            let norm = weights.column(k).dot(&weights.column(k)).sqrt();
            weights.column_mut(k).mapv_inplace(|w| w / norm);
        }
        let rates = weights.dot(&draw(n_signals, n_bins)) * (n_neurons as f64 / n_signals as f64).sqrt();
        Array3::from_shape_fn((n_neurons, n_repeats, n_bins), |(n, _, t)| {
            rates[[n, t]] + 2f64.sqrt() * stream.normal()
        })
    }

    #[test]
    fn the_number_of_signals_is_found_in_noise_that_the_psths_show_as_dimensions() {
        for n_signals in [1, 4] {
            let y = simulated(n_signals, 7);
            let mask = ResponseMask::all(20, 8, 300);
            let recorded = [Recorded::new(y.view(), &mask).unwrap()];
            let ratio = participation_ratio(&recorded, 20, Seed::new(0)).unwrap().unwrap();
            assert!((ratio / n_signals as f64 - 1.0).abs() < 0.05, "{ratio} for {n_signals}");
            let psth = super::super::joint::centre(y.mean_axis(ndarray::Axis(1)).unwrap());
            let c = covariance(&psth, &psth);
            let naive = c.diag().sum().powi(2) / (&c * &c).sum();
            assert!(naive > 1.2 * n_signals as f64, "{naive}");
        }
    }

    #[test]
    fn three_repeats_and_pure_noise_have_reasons() {
        let mut stream = Seed::new(3).stream("noise");
        let y = Array3::from_shape_fn((3, 3, 30), |_| stream.normal());
        let mask = ResponseMask::all(3, 3, 30);
        let ratio = participation_ratio(&[Recorded::new(y.view(), &mask).unwrap()], 5, Seed::new(0));
        assert_eq!(ratio.unwrap(), Err(Undefined::TooFewJointRepeats { repeats: 3, needed: 4 }));
        let silent = Array3::zeros((3, 4, 30));
        let mask = ResponseMask::all(3, 4, 30);
        let ratio = participation_ratio(&[Recorded::new(silent.view(), &mask).unwrap()], 5, Seed::new(0));
        assert_eq!(ratio.unwrap(), Err(Undefined::no_signal(0.0)));
    }
}
