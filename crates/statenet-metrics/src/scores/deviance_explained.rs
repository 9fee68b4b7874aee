//! Fraction of the Poisson deviance that the rate explains.
//!
//! ```text
//! D(p) = 2 sum (y ln(y / p) - (y - p))          over all recorded (repeat, bin); y ln y is 0 for y = 0
//! D2   = 1 - D(p) / D(mean y)
//! ```
//!
//! For Poisson counts what the fraction of explained variance is for Gaussian responses (Cameron and Windmeijer 1997).

use crate::{
    error::Result,
    observation::Observation,
    scores::{Neuron, per_neuron, poisson::PoissonSums},
    undefined::{Score, Undefined, finite},
};

/// A deviance below this fraction of the spikes is due to rounding.
const ROUNDING: f64 = 1e-12;

/// Fraction of the Poisson deviance of single repeats that the rate explains, relative to a constant rate, per neuron.
///
/// 1 only if the rate equals every count, in each repeat; 0 for the constant, which is the mean of the test data; negative for worse
/// rates. The scale of the rate counts.
///
/// - `responses`: spike counts, not smoothed.
/// - Noise: not corrected for, of single repeats: even the true rate scores far below 1, at few spikes per bin near 0, the lower the narrower
///   the bins. It compares models of one neuron in one dt, not neurons, nor papers.
/// - Bias: about -1 / D(mean y), downwards, since the constant was fitted to the test data and the rate was not.
///
/// # Errors
/// As [`bits_per_spike`](crate::scores::bits_per_spike); undefined ([`Undefined::ConstantResponse`]) if all counts are the same.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, counts) = (arr2(&[[0.5, 0.5, 3., 1.]]), arr3(&[[[0., 1., 3., 0.]]]));
/// let mask = ResponseMask::all(1, 1, 4);
/// let explained = scores::deviance_explained(&[Observation::new(rate.view(), counts.view(), &mask)?])?;
/// // Halves of deviances: ln 2 + 1 of the rate; 3 ln 3 of the mean 1.
/// let expected = 1.0 - (2.0_f64.ln() + 1.0) / (3.0 * 3.0_f64.ln());
/// assert!((explained[0].unwrap_or(0.0) - expected).abs() < 1e-12);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn deviance_explained(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| of_sums(&PoissonSums::of_counts(&Neuron::of(observations, neuron)?)?))
}

pub(crate) fn of_sums(sums: &PoissonSums) -> Score {
    // Halves of deviances: the likelihood of the counts themselves, less that of the constant.
    let gained = -sums.constant_less_rate()?;
    let whole = sums.y_ln_y - sums.spikes * (sums.spikes / sums.n).ln();
    if whole <= ROUNDING * sums.spikes { Err(Undefined::ConstantResponse) } else { finite(gained / whole) }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2, arr3};
    use statenet_core::ResponseMask;

    use super::*;

    fn score(rate: &Array2<f64>, counts: &Array3<f64>) -> Score {
        let (n, r, t) = counts.dim();
        let mask = ResponseMask::all(n, r, t);
        deviance_explained(&[Observation::new(rate.view(), counts.view(), &mask).unwrap()]).unwrap()[0]
    }

    #[test]
    fn the_counts_explain_all_and_their_mean_nothing() {
        let counts = arr3(&[[[0., 3., 1., 0.]]]);
        assert!((score(&arr2(&[[0., 3., 1., 0.]]), &counts).unwrap() - 1.0).abs() < 1e-15);
        assert!(score(&Array2::ones((1, 4)), &counts).unwrap().abs() < 1e-15);
    }

    #[test]
    fn what_does_not_apply_is_said() {
        let rate = arr2(&[[0.5, 0.5]]);
        assert_eq!(score(&rate, &arr3(&[[[0.5, 1.]]])), Err(Undefined::NotCounts { response: 0.5 }));
        assert_eq!(score(&rate, &arr3(&[[[-1., 1.]]])), Err(Undefined::NegativeResponse { response: -1.0 }));
        assert_eq!(score(&rate, &Array3::zeros((1, 2, 2))), Err(Undefined::NoSpikes));
        assert_eq!(score(&rate, &Array3::ones((1, 2, 2))), Err(Undefined::ConstantResponse));
    }
}
