//! Correlation of rate and PSTH.

use ndarray::ArrayView1;

use crate::{
    error::Result,
    moments::{CrossSums, RateSums},
    observation::{Observation, Recorded},
    psth::Psth,
    quantity::Correlation,
    responses::NeuronRecorded,
    scores::per_neuron,
    undefined::{Score, Undefined},
};

/// Pearson's correlation of rate and PSTH over all recorded bins of all stimuli together, per neuron.
///
/// There is a single mean for all stimuli, so that differences between stimuli count as well as those within. The score is
/// lowered by the noise of the PSTH; [`cc_norm`](crate::scores::cc_norm) does not depend on the number of repeats.
///
/// - The score does not depend on the scale and offset of the rate. One repeat is enough.
/// - Undefined without data, with fewer than two bins, or if rate or PSTH is constant.
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
/// let (rate, responses) = (arr2(&[[1., 2., 3.]]), arr3(&[[[0., 2., 4.], [2., 2., 6.]]]));
/// let mask = ResponseMask::all(1, 2, 3);
/// let cc = scores::cc_raw(&[Observation::new(rate.view(), responses.view(), &mask)?])?;
/// // PSTH 1, 2, 5: covariance 2, variances 1 and 13/3.
/// assert!((cc[0]?.value() - 2.0 / (13.0_f64 / 3.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cc_raw(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    let recorded = crate::observation::recorded(observations);
    per_neuron(observations, |neuron| {
        CcRawTarget::of(&recorded, neuron)
            .score(|stimulus| observations[stimulus].rate().index_axis_move(ndarray::Axis(0), neuron))
            .map(Correlation::new)
    })
}

/// The PSTHs of one neuron, prepared for scoring predictions.
#[derive(Clone, Debug)]
pub(crate) struct CcRawTarget(Result<Target, Undefined>);

#[derive(Clone, Debug)]
struct Target {
    /// The PSTH of each stimulus.
    psths: Vec<Psth>,
    /// Sums of all of them together.
    observed: CrossSums,
}

impl Target {
    fn of(psths: Vec<Psth>) -> Self {
        let observed: Vec<f64> = psths.iter().flat_map(|psth| psth.mean().iter().copied()).collect();
        Self { psths, observed: CrossSums::of(&observed, &observed) }
    }
}

impl CcRawTarget {
    pub(crate) fn of(recorded: &[Recorded<'_>], neuron: usize) -> Self {
        let psths: Result<_, _> = recorded.iter().map(|stimulus| Psth::of(stimulus, neuron)).collect();
        Self(psths.map(Target::of))
    }

    /// The same of responses that have been read.
    pub(crate) fn of_read(neuron: Result<&NeuronRecorded, Undefined>) -> Self {
        let psths = |n: &NeuronRecorded| n.stimuli().iter().map(|stimulus| stimulus.psth.clone()).collect();
        Self(neuron.map(psths).map(Target::of))
    }

    /// The score of a rate; `rate` returns `(T)` for each stimulus.
    pub(crate) fn score<'r>(&self, rate: impl Fn(usize) -> ArrayView1<'r, f64>) -> Score {
        let Target { psths, .. } = self.0.as_ref().map_err(|&reason| reason)?;
        let (mut predicted, mut observed) = (Vec::new(), Vec::new());
        for (stimulus, psth) in psths.iter().enumerate() {
            predicted.extend(psth.pick(rate(stimulus))?);
            observed.extend_from_slice(psth.mean());
        }
        if observed.is_empty() {
            return Err(Undefined::NoData);
        }
        CrossSums::of(&predicted, &observed).correlation()
    }

    /// The score of a rate of which sums over all [scored bins](Self::scored) together are known.
    pub(crate) fn score_of_sums(&self, rate: &RateSums) -> Score {
        let Target { psths, observed } = self.0.as_ref().map_err(|&reason| reason)?;
        if psths.iter().all(|psth| psth.mean().is_empty()) {
            return Err(Undefined::NoData);
        }
        observed.with_rate(rate).correlation()
    }

    /// The stimuli that count, with the PSTH; none if the score is undefined for every rate.
    pub(crate) fn scored(&self) -> Vec<(usize, &Psth)> {
        self.0.iter().flat_map(|target| target.psths.iter().enumerate()).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2};
    use statenet_core::ResponseMask;

    use super::*;

    fn score(rate: &Array2<f64>, responses: &Array3<f64>) -> Score {
        let (n, r, t) = responses.dim();
        let mask = ResponseMask::all(n, r, t);
        cc_raw(&[Observation::new(rate.view(), responses.view(), &mask).unwrap()]).unwrap()[0].map(f64::from)
    }

    #[test]
    fn a_response_correlates_with_itself_and_against_its_negative() {
        let rate = arr2(&[[0.3, 1.7, 0.2, 5.0]]);
        let responses = rate.clone().insert_axis(ndarray::Axis(1));
        assert!((score(&rate, &responses).unwrap() - 1.0).abs() < 1e-15);
        assert!((score(&(-3.0 * &rate + 2.0), &responses).unwrap() + 1.0).abs() < 1e-15);
    }

    #[test]
    fn constants_and_single_bins_have_a_reason() {
        let varying = arr2(&[[0.0, 1.0]]);
        let silent = Array3::zeros((1, 3, 2));
        assert_eq!(score(&varying, &silent), Err(Undefined::ConstantResponse));
        let responses = varying.clone().insert_axis(ndarray::Axis(1));
        assert_eq!(score(&Array2::ones((1, 2)), &responses), Err(Undefined::ConstantRate));
        assert_eq!(
            score(&Array2::ones((1, 1)), &Array3::ones((1, 1, 1))),
            Err(Undefined::TooFewBins { bins: 1 })
        );
    }
}
