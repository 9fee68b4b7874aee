//! Correlations relative to the correlation between single repeats (TTRC).
//!
//! ```text
//! cc_ttrc = mean_r corr(p, y_r) / sqrt(TTRC)                 TTRC = mean_{r<r'} corr(y_r, y_r')
//! cc_psth_ttrc = corr(p, y) / sqrt(R TTRC / (1 + (R - 1) TTRC))
//! ```
//!
//! The first is the noise-corrected correlation of Pennington and David (2023), after Hsu, Borst and Theunissen (2004): a repeat is
//! signal plus noise, corr(p, y_r) is that of p and signal times sqrt(S / (S + N)), and TTRC is S / (S + N). The second divides
//! the correlation with the PSTH by its ceiling, TTRC carried from one repeat to R by the formula of Spearman and Brown.

use crate::{
    error::Result,
    moments::{CrossSums, dot, mean},
    observation::Observation,
    quantity::Correlation,
    repeats::{Repeats, mean_over_pairs, standardized},
    responses::StimulusRecorded,
    scores::{Neuron, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// Mean correlation of the rate with single repeats, over the root of the correlation between repeats, per neuron.
///
/// Correlations are within stimuli; stimuli have the weight T_b - 1. A repeat that does not vary (without spikes) has no
/// correlation, and is left out of both means. Stimuli with one repeat are left out. 1 for the true rate; it does not depend on the
/// scale of the rate.
///
/// - Bias: of order 1 / bins from the root, upwards. All repeats and stimuli count alike, whatever their variance: for sparse
///   responses, where repeats with a spike or two have as much weight as the others, it can differ from
///   [`cc_norm`](crate::scores::cc_norm) in either direction.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined with a single repeat, if repeats or rate do not
/// vary, and ([`Undefined::NotReproducible`]) if TTRC is not above 0.
///
/// # Examples
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Observation, scores};
///
/// let (rate, responses) = (arr2(&[[0., 1., 1.]]), arr3(&[[[0., 1., 2.], [0., 2., 1.]]]));
/// let mask = ResponseMask::all(1, 2, 3);
/// let cc = scores::cc_ttrc(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// // Each repeat correlates with the rate by sqrt(3) / 2, and with the other by 1/2.
/// assert!((cc[0]?.value() - 0.75_f64.sqrt() / 0.5_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cc_ttrc(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    per_neuron(observations, |neuron| of_neuron(&Neuron::of(observations, neuron)?).map(Correlation::new))
}

/// Correlation of rate and PSTH within stimuli, over its ceiling from the correlation between repeats, per neuron.
///
/// Where stimuli have different numbers of repeats, R is such that 1 / R is their mean, weighted by T_b - 1.
///
/// - Bias: as [`cc_ttrc`]; of sparse responses upwards, since silent repeats lower the PSTH's correlation but not TTRC's.
///
/// # Errors
/// As [`cc_ttrc`].
pub fn cc_psth_ttrc(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    per_neuron(observations, |neuron| {
        let neuron = Neuron::of(observations, neuron)?;
        let ttrc = single_trials(&neuron).ttrc()?;
        let (mut sums, mut over_repeats) = (CrossSums::default(), 0.0);
        for (stimulus, rate) in neuron.stimuli().filter(|(stimulus, _)| stimulus.repeats.n_repeats() > 1) {
            sums.add(&CrossSums::of(rate, stimulus.psth.mean()));
            over_repeats += (rate.len() as f64 - 1.0) / stimulus.repeats.n_repeats() as f64;
        }
        let r = sums.dof as f64 / over_repeats;
        finite(sums.correlation()? / (r * ttrc / (1.0 + (r - 1.0) * ttrc)).sqrt()).map(Correlation::new)
    })
}

/// [`cc_ttrc`] of one neuron.
pub(crate) fn of_neuron(neuron: &Neuron) -> Score {
    single_trials(neuron).over_root_ttrc()
}

fn single_trials(neuron: &Neuron) -> SingleTrials {
    let mut trials = SingleTrials::default();
    neuron.stimuli().for_each(|(stimulus, rate)| trials.add(&SingleTrials::of_stimulus(stimulus, rate)));
    trials
}

/// Weighted sums of correlations over stimuli.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SingleTrials {
    with_rate: f64,
    rate_weight: f64,
    between: f64,
    between_weight: f64,
    most_repeats: usize,
    /// Of the stimuli with two repeats.
    most_bins: usize,
    /// Whether a repeat varies.
    varies: bool,
}

impl SingleTrials {
    /// The correlations of one stimulus, with the weight T_b - 1; none if it has a single repeat.
    pub(crate) fn of_stimulus(stimulus: &StimulusRecorded, rate: &[f64]) -> Self {
        let most_repeats = stimulus.repeats.n_repeats();
        if most_repeats < 2 {
            return Self { most_repeats, ..Self::default() };
        }
        let row = |repeat| match stimulus.row(repeat) {
            (values, Some(valid)) => Some((values, valid)),
            (_, None) => None,
        };
        let rows: Vec<_> = match stimulus.repeats.valid() {
            None => Vec::new(),
            Some(valid) => (0..valid.len()).filter_map(row).collect(),
        };
        Self::of(rate, &rows, &stimulus.repeats, rate.len().saturating_sub(1) as f64)
    }

    /// The correlations of a rate and its repeats, and if these miss different bins, each of them at the bins of the rate with flags of the
    /// recorded ones.
    pub(crate) fn of(rate: &[f64], rows: &[(Vec<f64>, Vec<bool>)], repeats: &Repeats, weight: f64) -> Self {
        let sizes = Self { most_repeats: repeats.n_repeats(), most_bins: rate.len(), ..Self::default() };
        match repeats {
            Repeats::Complete { values, means } => sizes.with_complete(rate, values, means, weight),
            Repeats::Ragged { .. } => sizes.with_ragged(rate, rows, repeats, weight),
        }
    }

    /// Adds the correlations of another stimulus.
    pub(crate) fn add(&mut self, other: &Self) {
        self.with_rate += other.with_rate;
        self.rate_weight += other.rate_weight;
        self.between += other.between;
        self.between_weight += other.between_weight;
        self.most_repeats = self.most_repeats.max(other.most_repeats);
        self.most_bins = self.most_bins.max(other.most_bins);
        self.varies |= other.varies;
    }

    fn with_ragged(
        mut self,
        rate: &[f64],
        rows: &[(Vec<f64>, Vec<bool>)],
        repeats: &Repeats,
        weight: f64,
    ) -> Self {
        let (mut sum, mut n) = (0.0, 0_u32);
        for (y, valid) in rows {
            let recorded = |x: &[f64]| -> Vec<f64> {
                x.iter().zip(valid).filter(|(_, valid)| **valid).map(|(x, _)| *x).collect()
            };
            let sums = CrossSums::of(&recorded(rate), &recorded(y));
            self.varies |= sums.dof > 0 && sums.expect_y_varies().is_ok();
            if let Ok(r) = sums.correlation() {
                sum += r;
                n += 1;
            }
        }
        self.with_means((n > 0).then(|| sum / f64::from(n)), repeats.mean_correlation(), weight)
    }

    /// Repeats that have the same bins are centred once each.
    fn with_complete(mut self, rate: &[f64], repeats: &[Vec<f64>], means: &[f64], weight: f64) -> Self {
        let rate = standardized(&[rate.to_vec()], &[mean(rate)]).next();
        let (mut with_rate, mut sum, mut n) = (0.0, vec![0.0; self.most_bins], 0.0);
        for row in standardized(repeats, means) {
            if let Some(rate) = &rate {
                with_rate += dot(rate, &row).clamp(-1.0, 1.0);
            }
            sum.iter_mut().zip(&row).for_each(|(sum, z)| *sum += z);
            n += 1.0;
        }
        self.varies |= n > 0.0;
        self.with_means((n > 0.0 && rate.is_some()).then(|| with_rate / n), mean_over_pairs(&sum, n), weight)
    }

    fn with_means(mut self, with_rate: Option<f64>, between: Option<f64>, weight: f64) -> Self {
        if let Some(r) = with_rate {
            self.with_rate += weight * r;
            self.rate_weight += weight;
        }
        if let Some(r) = between {
            self.between += weight * r;
            self.between_weight += weight;
        }
        self
    }

    fn ttrc(&self) -> Score {
        if self.most_repeats < 2 {
            return Err(Undefined::TooFewRepeats { repeats: self.most_repeats });
        }
        if self.most_bins == 0 {
            return Err(Undefined::NoData);
        }
        if self.most_bins < 2 {
            return Err(Undefined::TooFewBins { bins: self.most_bins });
        }
        if !self.varies || self.between_weight <= 0.0 {
            return Err(Undefined::ConstantResponse);
        }
        let ttrc = self.between / self.between_weight;
        if ttrc > 0.0 { finite(ttrc) } else { Err(Undefined::NotReproducible { ttrc }) }
    }

    pub(crate) fn over_root_ttrc(&self) -> Score {
        let ttrc = self.ttrc()?;
        if self.rate_weight <= 0.0 {
            return Err(Undefined::ConstantRate);
        }
        finite(self.with_rate / self.rate_weight / ttrc.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    fn both(rate: &Array2<f64>, y: &Array3<f64>) -> (Score, Score) {
        let (n, r, t) = y.dim();
        let mask = ResponseMask::all(n, r, t);
        let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
        (
            cc_ttrc(&observations).unwrap()[0].map(f64::from),
            cc_psth_ttrc(&observations).unwrap()[0].map(f64::from),
        )
    }

    #[test]
    fn the_true_rate_scores_1_at_any_noise() {
        let mut stream = Seed::new(9).stream("ttrc");
        let rate = Array2::from_shape_fn((1, 20_000), |(_, t)| (0.31 * t as f64).sin());
        for n_repeats in [2, 8] {
            let y = Array3::from_shape_fn((1, n_repeats, 20_000), |(_, _, t)| {
                rate[[0, t]] + 1.5 * stream.normal()
            });
            let (single, psth) = both(&rate, &y);
            assert!((single.unwrap() - 1.0).abs() < 0.03, "{single:?}");
            assert!((psth.unwrap() - 1.0).abs() < 0.03, "{psth:?}");
        }
    }

    #[test]
    fn reasons_name_what_is_wrong() {
        let rate = Array2::from_shape_fn((1, 4), |(_, t)| t as f64);
        let one = rate.clone().insert_axis(ndarray::Axis(1));
        assert_eq!(both(&rate, &one).0, Err(Undefined::TooFewRepeats { repeats: 1 }));
        assert_eq!(both(&rate, &Array3::zeros((1, 2, 4))).1, Err(Undefined::ConstantResponse));
        let opposite = Array3::from_shape_fn((1, 2, 4), |(_, r, t)| ((r + t) % 2) as f64);
        let reason = both(&rate, &opposite).0.unwrap_err();
        assert_eq!(reason.to_string(), "correlation between repeats is -1, expected above 0");
        let same = Array3::from_shape_fn((1, 2, 4), |(_, _, t)| t as f64);
        assert_eq!(
            both(&Array2::ones((1, 4)), &same),
            (Err(Undefined::ConstantRate), Err(Undefined::ConstantRate))
        );
    }
}
