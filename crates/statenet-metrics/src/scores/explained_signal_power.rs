//! Explained signal power, the predictive power of Sahani and Linden (2003) over the signal power.
//!
//! ```text
//! ESP = (P(y) - P(y - p)) / SP          P: variance over time of a PSTH or of its residual, pooled over stimuli
//!     = (2 cov(p, y) - var(p)) / SP
//! ```
//!
//! P(y) and P(y - p) both hold the noise that is left in the PSTH; it cancels in their difference, so that the numerator is the
//! part of the signal power that the prediction explains, whatever the number of repeats.

use crate::{
    error::Result,
    moments::CrossSums,
    observation::Observation,
    powers::{PooledPowers, PowerSum},
    responses::StimulusRecorded,
    scores::{Neuron, per_neuron},
    undefined::{Score, finite},
};

/// Fraction of the signal power that the rate explains, per neuron (Sahani and Linden 2003).
///
/// Variances are within stimuli, weighted by T_b - 1, as in [`cc_norm`](crate::scores::cc_norm): an offset of the rate does not
/// count, its scale does. 1 for the true rate, 0 for a constant, negative without bound for a rate whose error exceeds
/// the signal. With the correlation r of rate and signal and the best scale, it is r squared, else lower.
///
/// - Bias: numerator and denominator are unbiased for a rate that was not fitted to these responses; their ratio has a bias away
///   from 0 of order var(SP) / SP^2, below 1 % where SP is ten times its standard error. Of responses that the model was fitted
///   to it is too high, by about (number of free parameters) NP / (R T SP). Leaving out neurons whose SP is not above 0 biases a
///   population's mean upwards. Sahani and Linden extrapolate over neurons, from scores of training and of test data, to no
///   noise; this function is the score of one neuron.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined as [`cc_norm`](crate::scores::cc_norm),
/// except that a constant rate has the score 0.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, responses) = (arr2(&[[0., 1., 1.]]), arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
/// let mask = ResponseMask::all(1, 2, 3);
/// let esp = scores::explained_signal_power(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// // PSTH 0, 1.5, 1.5: covariance 1/2, variance of the rate 1/3, signal power 1/2.
/// assert!((esp[0]? - (2.0 * 0.5 - 1.0 / 3.0) / 0.5).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn explained_signal_power(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| of_neuron(&Neuron::of(observations, neuron)?))
}

/// The score of one neuron.
pub(crate) fn of_neuron(neuron: &Neuron) -> Score {
    let mut explained = ExplainedPower::default();
    neuron.stimuli().for_each(|(stimulus, rate)| explained.add(&ExplainedPower::of(stimulus, rate)));
    explained.score()
}

/// Signal power and what a rate explains of it, summed over stimuli.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ExplainedPower {
    powers: PowerSum,
    within: CrossSums,
}

impl ExplainedPower {
    /// Those of one stimulus.
    pub(crate) fn of(stimulus: &StimulusRecorded, rate: &[f64]) -> Self {
        let mut explained = Self::default();
        let psth = stimulus.psth.mean();
        if explained.powers.add(stimulus.powers, stimulus.repeats.n_repeats(), psth.len()) {
            explained.within = CrossSums::of(rate, psth);
        }
        explained
    }

    /// Adds another stimulus.
    pub(crate) fn add(&mut self, other: &Self) {
        self.powers.add_sum(&other.powers);
        self.within.add(&other.within);
    }

    pub(crate) fn score(&self) -> Score {
        of_sums(&self.within, &self.powers.pooled()?)
    }
}

/// The score from sums within stimuli.
pub(crate) fn of_sums(sums: &CrossSums, powers: &PooledPowers) -> Score {
    sums.expect_y_varies()?;
    finite((2.0 * sums.xy - sums.xx) / sums.dof as f64 / powers.positive_signal()?)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::ResponseMask;

    use super::*;
    use crate::undefined::Undefined;

    fn score(rate: &Array2<f64>, y: &Array3<f64>) -> Score {
        let (n, r, t) = y.dim();
        let mask = ResponseMask::all(n, r, t);
        explained_signal_power(&[Observation::new(rate.view(), y.view(), &mask).unwrap()]).unwrap()[0]
    }

    #[test]
    fn the_signal_explains_itself_a_constant_nothing_and_twice_the_signal_nothing_either() {
        let rate = Array2::from_shape_fn((1, 9), |(_, t)| (t * t % 5) as f64);
        let y = Array3::from_shape_fn((1, 3, 9), |(_, _, t)| rate[[0, t]]);
        assert!((score(&(&rate - 4.0), &y).unwrap() - 1.0).abs() < 1e-14);
        assert_eq!(score(&Array2::ones((1, 9)), &y), Ok(0.0));
        assert!(score(&(2.0 * &rate), &y).unwrap().abs() < 1e-14);
        assert!((score(&-&rate, &y).unwrap() + 3.0).abs() < 1e-14);
    }

    #[test]
    fn one_repeat_and_silence_have_reasons() {
        let rate = Array2::from_shape_fn((1, 4), |(_, t)| t as f64);
        let one = rate.clone().insert_axis(ndarray::Axis(1));
        assert_eq!(score(&rate, &one), Err(Undefined::TooFewRepeats { repeats: 1 }));
        assert_eq!(score(&rate, &Array3::zeros((1, 2, 4))), Err(Undefined::ConstantResponse));
    }
}
