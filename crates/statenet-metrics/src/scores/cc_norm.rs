//! Noise-corrected correlation, centred within each stimulus.
//!
//! ```text
//! cov = sum_b sum_t (p_bt - p_b)(y_bt - y_b) / sum_b (T_b - 1)         y: PSTH, p: rate, p_b and y_b: means over t
//! var = sum_b sum_t (p_bt - p_b)^2 / sum_b (T_b - 1)
//! SP  = sum_b (T_b - 1) SP_b / sum_b (T_b - 1)
//! CCnorm = cov / sqrt(var SP)
//! ```
//!
//! Schoppe et al. (2016) define CCnorm for one stimulus. For several stimuli, numerator and denominator must be pooled in the
//! same way. If the covariance is computed over the concatenation but SP within stimuli, differences between the mean
//! rates of stimuli raise the score, for a perfect model without bound (see a test of
//! [`published::reference_0_1`](crate::published::reference_0_1)).

use ndarray::ArrayView1;

use crate::{
    error::Result,
    moments::{CrossSums, RateSums},
    observation::{Observation, Recorded},
    powers::PooledPowers,
    psth::Psth,
    quantity::Correlation,
    responses::{NeuronRecorded, StimulusRecorded},
    scores::per_neuron,
    undefined::{Score, Undefined, finite},
};

/// Correlation of rate and PSTH within stimuli, relative to its noise ceiling, per neuron.
///
/// Covariance, variance and signal power are centred within each stimulus and pooled over the same stimuli with the
/// same weights. The expected score of a perfect prediction is therefore 1, and only noise can lead to a higher score. SP is
/// computed from pairs of repeats over the bins that both have (see [`signal_power`](crate::ceilings::signal_power)).
///
/// - The score does not depend on the scale of the rate, nor on an offset, even one per stimulus. Stimuli with fewer than
///   two repeats or two bins are left out.
/// - Undefined if no stimulus has two repeats, SP is not above 0, or rate or PSTH is constant within stimuli.
/// - Bias: of order 1 / (bins of independent signal) because of the ratio and the root: below .02 in simulations where SP is five times
///   its standard error, up to .1 where it is twice that. Leaving out neurons whose SP is not
///   above 0 biases a population's mean upwards.
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
/// let (rate, responses) = (arr2(&[[0., 1., 1.]]), arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
/// let mask = ResponseMask::all(1, 2, 3);
/// let cc_norm = scores::cc_norm(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// // PSTH 0, 1.5, 1.5: covariance 1/2, variance of the rate 1/3, signal power 1/2. Above 1 because of noise.
/// assert!((cc_norm[0]?.value() - 0.5 / (0.5_f64 / 3.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cc_norm(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    let recorded = crate::observation::recorded(observations);
    per_neuron(observations, |neuron| {
        CcNormTarget::of(&recorded, neuron)
            .score(|stimulus| observations[stimulus].rate().index_axis_move(ndarray::Axis(0), neuron))
            .map(Correlation::new)
    })
}

/// The recorded responses of one neuron, prepared for scoring predictions: PSTHs and signal power.
#[derive(Clone, Debug)]
pub(crate) struct CcNormTarget(Result<Target, Undefined>);

#[derive(Clone, Debug)]
struct Target {
    /// The PSTH of each stimulus; `None` if its signal power is undefined.
    psths: Vec<Option<Psth>>,
    /// Sums of these PSTHs.
    observed: CrossSums,
    powers: PooledPowers,
}

impl CcNormTarget {
    pub(crate) fn of(recorded: &[Recorded<'_>], neuron: usize) -> Self {
        let read = NeuronRecorded::of(recorded, neuron);
        Self::of_read(read.as_ref().map_err(|reason| *reason))
    }

    /// The same of responses that have been read.
    pub(crate) fn of_read(neuron: Result<&NeuronRecorded, Undefined>) -> Self {
        let target = |neuron: &NeuronRecorded| {
            let powers = neuron.powers()?;
            let psth = |stimulus: &StimulusRecorded| stimulus.powers.map(|_| stimulus.psth.clone());
            let psths: Vec<Option<Psth>> = neuron.stimuli().iter().map(psth).collect();
            let mut observed = CrossSums::default();
            psths.iter().flatten().for_each(|psth| observed.add(&CrossSums::of(psth.mean(), psth.mean())));
            Ok(Target { psths, observed, powers })
        };
        Self(neuron.and_then(target))
    }

    /// The score of a rate; `rate` returns `(T)` for each stimulus.
    pub(crate) fn score<'r>(&self, rate: impl Fn(usize) -> ArrayView1<'r, f64>) -> Score {
        let Target { psths, powers, .. } = self.0.as_ref().map_err(|&reason| reason)?;
        let mut sums = CrossSums::default();
        for (stimulus, psth) in psths.iter().enumerate() {
            if let Some(psth) = psth {
                sums.add(&CrossSums::of(&psth.pick(rate(stimulus))?, psth.mean()));
            }
        }
        of_sums(&sums, powers)
    }

    /// The score of a rate of which sums within stimuli are known, over the [scored bins](Self::scored).
    pub(crate) fn score_of_sums(&self, rate: &RateSums) -> Score {
        let Target { powers, observed, .. } = self.0.as_ref().map_err(|&reason| reason)?;
        of_sums(&observed.with_rate(rate), powers)
    }

    /// The stimuli that count, with the PSTH; none if the score is undefined for every rate.
    pub(crate) fn scored(&self) -> Vec<(usize, &Psth)> {
        let psths = self.0.iter().flat_map(|target| target.psths.iter().enumerate());
        psths.filter_map(|(stimulus, psth)| Some((stimulus, psth.as_ref()?))).collect()
    }
}

pub(crate) fn of_sums(sums: &CrossSums, powers: &PooledPowers) -> Score {
    sums.expect_y_varies()?;
    let signal_power = powers.positive_signal()?;
    sums.expect_x_varies()?;
    let dof = sums.dof as f64;
    finite(sums.xy / dof / ((sums.xx / dof).sqrt() * signal_power.sqrt()))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2};
    use statenet_core::ResponseMask;

    use super::*;

    /// Three repeats of a rate without noise.
    fn noise_free(rate: &Array2<f64>) -> Array3<f64> {
        let (n, t) = rate.dim();
        Array3::from_shape_fn((n, 3, t), |(n, _, t)| rate[[n, t]])
    }

    fn score(pairs: &[(&Array2<f64>, &Array3<f64>)]) -> Score {
        let masks: Vec<_> = pairs.iter().map(|(_, y)| ResponseMask::all(1, y.dim().1, y.dim().2)).collect();
        let observations: Vec<_> = pairs
            .iter()
            .zip(&masks)
            .map(|((rate, y), mask)| Observation::new(rate.view(), y.view(), mask).unwrap())
            .collect();
        cc_norm(&observations).unwrap()[0].map(f64::from)
    }

    #[test]
    fn a_perfect_prediction_scores_1_whatever_the_stimuli_s_means() {
        let (a, b) = (arr2(&[[0.0, 3.0, 1.0, 2.0]]), arr2(&[[107.0, 101.0, 100.0]]));
        let (ya, yb) = (noise_free(&a), noise_free(&b));
        assert!((score(&[(&a, &ya), (&b, &yb)]).unwrap() - 1.0).abs() < 1e-14);
        let shifted = 2.5 * &b - 1000.0;
        let scaled = 2.5 * &a;
        assert!((score(&[(&scaled, &ya), (&shifted, &yb)]).unwrap() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_stimulus_of_one_bin_changes_nothing() {
        let (a, y) = (arr2(&[[0.0, 1.0, 1.0]]), ndarray::arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
        let (bin, y_bin) = (arr2(&[[50.0]]), ndarray::arr3(&[[[3.0], [900.0]]]));
        assert_eq!(score(&[(&a, &y)]), score(&[(&a, &y), (&bin, &y_bin)]));
        assert_eq!(score(&[(&bin, &y_bin)]), Err(Undefined::TooFewBins { bins: 1 }));
    }

    #[test]
    fn one_repeat_silence_and_a_constant_rate_have_reasons() {
        let rate = arr2(&[[0.0, 1.0, 3.0]]);
        let single = rate.clone().insert_axis(ndarray::Axis(1));
        assert_eq!(score(&[(&rate, &single)]), Err(Undefined::TooFewRepeats { repeats: 1 }));
        assert_eq!(score(&[(&rate, &Array3::zeros((1, 4, 3)))]), Err(Undefined::ConstantResponse));
        let flat = arr2(&[[2.0, 2.0, 2.0]]);
        assert_eq!(score(&[(&flat, &noise_free(&rate))]), Err(Undefined::ConstantRate));
    }

    #[test]
    fn a_stimulus_with_one_repeat_is_left_out_of_all_three_sums() {
        let (a, y) = (arr2(&[[0.0, 1.0, 1.0]]), ndarray::arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
        let (b, yb) = (arr2(&[[9.0, 0.0, 4.0]]), ndarray::arr3(&[[[0., 8., 1.]]]));
        assert_eq!(score(&[(&a, &y), (&b, &yb)]), score(&[(&a, &y)]));
    }
}
