//! Poisson log-likelihood of recorded counts.

use crate::{
    error::Result,
    observation::Observation,
    scores::{Neuron, per_neuron, poisson::PoissonSums},
    undefined::{Score, finite},
};

/// Poisson log-likelihood of the responses under the rate, in nats per bin and repeat.
///
/// Mean over all recorded (repeat, bin) of y ln p - p - ln y!, with y the count and p the rate in spikes per bin. There is no
/// correction for parameters fitted to the same data.
///
/// - `responses`: spike counts, not smoothed. For values that are not whole, y! is the gamma function of y + 1, and the score
///   is not the logarithm of a probability.
/// - Undefined ([`Undefined::ImpossibleRate`](crate::Undefined::ImpossibleRate)) if a rate is negative, or 0 where a spike was
///   recorded, which is impossible according to the model.
/// - Bias: none for a rate that was not fitted to these responses. The score depends on the unit of time and on the neuron's rate: it
///   compares models of one neuron, not neurons.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, counts) = (arr2(&[[0.5, 2.0]]), arr3(&[[[0., 1.]]]));
/// let mask = ResponseMask::all(1, 1, 2);
/// let observations = [Observation::new(rate.view(), counts.view(), &mask)?];
/// let expected = (-0.5 + 2.0_f64.ln() - 2.0) / 2.0;
/// assert!((scores::log_likelihood(&observations)?[0].unwrap_or(0.0) - expected).abs() < 1e-12);
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
pub fn log_likelihood(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let sums = PoissonSums::of(&Neuron::of(observations, neuron)?)?;
        finite(sums.log_likelihood() / sums.n)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2, arr3};
    use statenet_core::ResponseMask;

    use super::*;
    use crate::{scores::bits_per_spike, undefined::Undefined};

    fn scores(rate: &Array2<f64>, counts: &Array3<f64>) -> (Score, Score) {
        let (n, r, t) = counts.dim();
        let mask = ResponseMask::all(n, r, t);
        let observations = [Observation::new(rate.view(), counts.view(), &mask).unwrap()];
        (log_likelihood(&observations).unwrap()[0], bits_per_spike(&observations).unwrap()[0])
    }

    #[test]
    fn the_mean_rate_has_no_information_and_the_right_one_has() {
        let counts = arr3(&[[[0., 4., 0., 0.], [0., 4., 0., 0.]]]);
        assert!(scores(&Array2::ones((1, 4)), &counts).1.unwrap().abs() < 1e-15);
        // All spikes in one bin of four: log2(4) = 2 bits each.
        let bits = scores(&arr2(&[[0., 4., 0., 0.]]), &counts).1.unwrap();
        assert!((bits - 2.0).abs() < 1e-15);
    }

    #[test]
    fn factorials_by_hand() {
        let ll = scores(&arr2(&[[3.0]]), &arr3(&[[[4.0]]])).0.unwrap();
        assert!((ll - (4.0 * 3.0_f64.ln() - 3.0 - 24.0_f64.ln())).abs() < 1e-12);
    }

    #[test]
    fn impossible_rates_and_silence_have_reasons() {
        let counts = arr3(&[[[0., 1.]]]);
        let impossible = Err(Undefined::ImpossibleRate { rate: 0.0, response: 1.0 });
        assert_eq!(scores(&arr2(&[[1.0, 0.0]]), &counts), (impossible, impossible));
        assert!(scores(&arr2(&[[-0.1, 1.0]]), &counts).0.is_err());
        assert_eq!(
            scores(&arr2(&[[0.0, 1.0]]), &Array3::zeros((1, 2, 2))),
            (Ok(-0.5), Err(Undefined::NoSpikes))
        );
        let negative = arr3(&[[[0., -1.]]]);
        assert_eq!(
            scores(&arr2(&[[1.0, 1.0]]), &negative).0,
            Err(Undefined::NegativeResponse { response: -1.0 })
        );
    }
}
