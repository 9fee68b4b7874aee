//! Unbiased fraction of explained variance, r2_ER (Pospisil and Bair 2021).
//!
//! ```text
//! c    = sum_b sum_t (p_bt - p_b) y_bt            y: PSTH, p: rate, p_b: mean over t
//! r2_ER = (c^2 - var(c)) / (sum_bt (p_bt - p_b)^2 SP sum_b (T_b - 1))
//! var(c) = sum_b sum_r (c_br - c_b)^2 / (R_b (R_b - 1))        c_br: the same sum with repeat r; c_b: their mean
//! ```
//!
//! The squared correlation r^2 of rate and PSTH has noise in its numerator (the square of c is too large by the variance of c)
//! and in its denominator (the variance of the PSTH is too large by NP / R). r2_ER takes both away: it is CCnorm squared less the
//! noise of the numerator.
//!
//! The paper has independent stimuli, one response to each, and noise of the same variance in all of them. Its var(c) is
//! sum (p - p_b)^2 times that variance over R. Here the stimuli of the paper are bins of time, whose noise neither is independent (it is
//! smoothed, and slow states of the animal last) nor has one variance (that of spike counts grows with the rate).
//! var(c) is therefore estimated from the spread of c over repeats, which needs none of these assumptions, only repeats with
//! independent noise. The paper's own form is [`published::pospisil2021`](crate::published::pospisil2021).
//! Where repeats of a stimulus miss different bins, var(c) is that of the paper, with the noise power.

use crate::{
    error::Result,
    moments::{CrossSums, centred, dot, mean},
    observation::Observation,
    powers::PooledPowers,
    quantity::RSquared,
    responses::StimulusRecorded,
    scores::{Neuron, per_neuron},
    undefined::{Score, finite},
};

/// Fraction of the signal's variance that the best scale and offset of the rate explain, per neuron, without the bias of noise.
///
/// Centred within each stimulus and pooled over stimuli as [`cc_norm`](crate::scores::cc_norm). The square of a correlation: it does not
/// depend on the scale of the rate, not even on its sign. For responses to single presentations of many stimuli, make them the
/// bins of one observation.
///
/// - Bias: none in the numerator, none in the denominator; that of the ratio is of order (standard error of SP / SP)^2, upwards: .009 in
///   300 bins of SNR .5 with two repeats. Estimates can be below 0 and above 1: averages over neurons need them so. (Clipping
///   biases the mean, as does leaving out neurons whose SP is not above 0, upwards.)
/// - Interval: [`r2_er_interval`](crate::scores::r2_er_interval).
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined as [`cc_norm`](crate::scores::cc_norm).
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, responses) = (arr2(&[[0., 1., 1.]]), arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
/// let mask = ResponseMask::all(1, 2, 3);
/// let r2 = scores::r2_er(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// // p - mean: -2/3, 1/3, 1/3. c is 1 in both repeats, so that var(c) is 0; sum of squares 2/3, SP 1/2, two degrees of freedom.
/// assert!((r2[0]?.value() - 1.0 / (2.0 / 3.0 * 0.5 * 2.0)).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn r2_er(observations: &[Observation<'_>]) -> Result<Vec<Score<RSquared>>> {
    per_neuron(observations, |neuron| of_neuron(&Neuron::of(observations, neuron)?).map(RSquared::new))
}

/// The score of one neuron.
pub(crate) fn of_neuron(neuron: &Neuron) -> Score {
    let powers = neuron.recorded().powers()?;
    let (mut sums, mut noise) = (CrossSums::default(), 0.0);
    for (stimulus, rate) in neuron.stimuli() {
        let Some(powers) = stimulus.powers else {
            continue;
        };
        sums.add(&CrossSums::of(rate, stimulus.psth.mean()));
        noise += projected_noise(stimulus, rate, powers.noise);
    }
    of_sums(&sums, noise, &powers)
}

/// The score from sums within stimuli, and the variance of the sum of products.
pub(crate) fn of_sums(sums: &CrossSums, noise: f64, powers: &PooledPowers) -> Score {
    sums.expect_y_varies()?;
    let signal_power = powers.positive_signal()?;
    sums.expect_x_varies()?;
    finite((sums.xy * sums.xy - noise) / (sums.xx * sums.dof as f64 * signal_power))
}

/// The variance of c of one stimulus.
fn projected_noise(stimulus: &StimulusRecorded, rate: &[f64], noise_power: f64) -> f64 {
    let rate = centred(rate);
    if stimulus.repeats.valid().is_some() {
        let n = stimulus.counts_of_repeats();
        return noise_power * rate.iter().zip(&n).map(|(p, n)| p * p / n).sum::<f64>();
    }
    let projected: Vec<f64> = stimulus.repeats.values().iter().map(|y| dot(&rate, y)).collect();
    squared_error_of_mean(&projected)
}

/// The squared standard error of the mean.
pub(crate) fn squared_error_of_mean(values: &[f64]) -> f64 {
    let (m, n) = (mean(values), values.len() as f64);
    values.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (n * (n - 1.0))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::{scores::cc_norm, undefined::Undefined};

    #[test]
    fn without_noise_it_is_the_squared_correlation_with_the_signal() {
        let rate = Array2::from_shape_fn((1, 9), |(_, t)| (t * t % 5) as f64);
        let other = Array2::from_shape_fn((1, 9), |(_, t)| (t * 3 % 4) as f64);
        let y = Array3::from_shape_fn((1, 3, 9), |(_, _, t)| rate[[0, t]]);
        let mask = ResponseMask::all(1, 3, 9);
        let of = |rate: &Array2<f64>| {
            let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
            (
                r2_er(&observations).unwrap()[0].map(f64::from),
                cc_norm(&observations).unwrap()[0].map(f64::from),
            )
        };
        assert!((of(&rate).0.unwrap() - 1.0).abs() < 1e-14);
        assert!((of(&-&rate).0.unwrap() - 1.0).abs() < 1e-14);
        let (r2, cc) = of(&other);
        assert!((r2.unwrap() - cc.unwrap().powi(2)).abs() < 1e-14);
        assert_eq!(of(&Array2::ones((1, 9))).0, Err(Undefined::ConstantRate));
    }

    /// The two forms of var(c) agree on average where both hold: white noise.
    #[test]
    fn a_repeat_that_lacks_one_bin_changes_little() {
        let mut stream = Seed::new(5).stream("r2_er");
        let rate = Array2::from_shape_fn((1, 400), |_| stream.normal());
        let y = Array3::from_shape_fn((1, 6, 400), |(_, _, t)| rate[[0, t]] + stream.normal());
        let with = |mask: &ResponseMask| {
            r2_er(&[Observation::new(rate.view(), y.view(), mask).unwrap()]).unwrap()[0].unwrap().value()
        };
        let mut valid = Array3::from_elem((1, 6, 400), true);
        let complete = with(&ResponseMask::new(valid.clone()));
        valid[[0, 2, 7]] = false;
        let ragged = with(&ResponseMask::new(valid));
        assert!((complete - 1.0).abs() < 0.05 && (complete - ragged).abs() < 0.01, "{complete} {ragged}");
    }
}
