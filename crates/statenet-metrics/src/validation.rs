//! A score for early stopping: statistics of the recording are computed once, predictions are scored every epoch.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statenet_core::expect_shape;

use crate::{
    error::{Error, Result},
    moments::{RateSums, mean_of},
    observation::{Recorded, n_neurons},
    psth::Psth,
    scores::{CcNormTarget, CcRawTarget},
    undefined::{Score, Undefined},
};

/// The score of a [`ValidationScorer`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidationScore {
    /// [`cc_norm`](crate::scores::cc_norm), which needs two repeats.
    #[default]
    CcNorm,
    /// [`cc_raw`](crate::scores::cc_raw), for recordings with one repeat.
    CcRaw,
}

/// Scores many predictions against the same recorded responses.
///
/// PSTHs and signal powers are computed once, by [`new`](Self::new). The scores equal those of
/// [`cc_norm`](crate::scores::cc_norm) and [`cc_raw`](crate::scores::cc_raw) bit for bit.
///
/// ```
/// use ndarray::{arr2, arr3};
/// use statenet_core::ResponseMask;
/// use statenet_metrics::{Recorded, ValidationScore, ValidationScorer};
///
/// let (responses, mask) = (arr3(&[[[0., 1., 2.], [0., 2., 2.]]]), ResponseMask::all(1, 2, 3));
/// let scorer = ValidationScorer::new(ValidationScore::CcNorm, &[Recorded::new(responses.view(), &mask)?])?;
/// let good = scorer.score(&[arr2(&[[0., 1., 2.]])])?;
/// let bad = scorer.score(&[arr2(&[[2., 1., 2.]])])?;
/// assert!(good > bad);
/// assert_eq!(scorer.score(&[arr2(&[[1., 1., 1.]])])?, None); // a constant rate has no correlation
/// # Ok::<(), statenet_metrics::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ValidationScorer {
    targets: Vec<Target>,
    /// Number of bins T of each stimulus.
    n_bins: Vec<usize>,
    score: ValidationScore,
}

/// The bins of one stimulus at which a neuron's rate counts for its score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredBins {
    /// The stimulus, in the order in which they were given.
    pub stimulus: usize,
    /// The bins, in increasing order.
    pub bins: Vec<usize>,
    /// The PSTH at these bins.
    pub psth: Vec<f64>,
}

#[derive(Clone, Debug)]
enum Target {
    CcNorm(CcNormTarget),
    CcRaw(CcRawTarget),
}

impl ValidationScorer {
    /// A scorer for the recorded responses to the validation stimuli. It does not keep a reference to them.
    ///
    /// # Errors
    /// [`Error::NoStimulus`]; [`Error::NeuronCount`] if the stimuli differ in N.
    pub fn new(score: ValidationScore, recorded: &[Recorded<'_>]) -> Result<Self> {
        let target = |neuron| match score {
            ValidationScore::CcNorm => Target::CcNorm(CcNormTarget::of(recorded, neuron)),
            ValidationScore::CcRaw => Target::CcRaw(CcRawTarget::of(recorded, neuron)),
        };
        Ok(Self {
            targets: (0..n_neurons(recorded)?).into_par_iter().map(target).collect(),
            n_bins: recorded.iter().map(Recorded::n_bins).collect(),
            score,
        })
    }

    /// The scorer of these neurons and, after them, of others with responses to the same stimuli, so that the responses of all need not be
    /// in memory at once.
    ///
    /// # Errors
    /// [`Error::Count`] or [`Error::Shape`] if the stimuli have other numbers of bins.
    pub fn and(mut self, others: Self) -> Result<Self> {
        if others.n_bins.len() != self.n_bins.len() {
            let (got, expected) = (others.n_bins.len(), self.n_bins.len());
            return Err(Error::Count { list: "stimuli", got, expected, per: "validation stimulus" });
        }
        for (&n_bins, &expected) in others.n_bins.iter().zip(&self.n_bins) {
            let n = others.targets.len();
            expect_shape("responses", &[n, n_bins], &[n.into(), expected.into()])?;
        }
        self.targets.extend(others.targets);
        Ok(self)
    }

    /// The score.
    #[must_use]
    pub fn which(&self) -> ValidationScore {
        self.score
    }

    /// The bins at which a neuron's rate counts, with its PSTH there, stimulus by stimulus; none if the score is undefined for
    /// every rate, or the neuron does not exist.
    #[must_use]
    pub fn scored_bins(&self, neuron: usize) -> Vec<ScoredBins> {
        let scored = match self.targets.get(neuron) {
            Some(Target::CcNorm(target)) => target.scored(),
            Some(Target::CcRaw(target)) => target.scored(),
            None => Vec::new(),
        };
        let of = |(stimulus, psth): (usize, &Psth)| ScoredBins {
            stimulus,
            bins: psth.times(),
            psth: psth.mean().to_vec(),
        };
        scored.into_iter().map(of).collect()
    }

    /// The score of one neuron, which must exist; `rate` returns its rate `(T)` for each stimulus.
    ///
    /// # Errors
    /// The reason why it is undefined.
    pub fn score_of<'r>(&self, neuron: usize, rate: impl Fn(usize) -> ArrayView1<'r, f64>) -> Score {
        match self.targets.get(neuron).ok_or(Undefined::NoData)? {
            Target::CcNorm(target) => target.score(rate),
            Target::CcRaw(target) => target.score(rate),
        }
    }

    /// The score of one neuron from sums of its rate over its [scored bins](Self::scored_bins): about the mean of each stimulus
    /// for [`CcNorm`](ValidationScore::CcNorm), about the mean over all bins for [`CcRaw`](ValidationScore::CcRaw).
    ///
    /// # Errors
    /// The reason why it is undefined.
    pub fn score_of_sums(&self, neuron: usize, rate: &RateSums) -> Score {
        match self.targets.get(neuron).ok_or(Undefined::NoData)? {
            Target::CcNorm(target) => target.score_of_sums(rate),
            Target::CcRaw(target) => target.score_of_sums(rate),
        }
    }

    /// The score of each neuron, or the reason why it is undefined.
    ///
    /// - `rates`: `(N, T)` for each stimulus, f32 or f64, in the order given to [`new`](Self::new).
    ///
    /// # Errors
    /// [`Error::Count`] if there is not one prediction per stimulus, [`Error::Shape`] if one has the wrong shape.
    pub fn per_neuron<R: Copy + Into<f64> + Sync>(&self, rates: &[Array2<R>]) -> Result<Vec<Score>> {
        if rates.len() != self.n_bins.len() {
            let (got, expected) = (rates.len(), self.n_bins.len());
            return Err(Error::Count { list: "rates", got, expected, per: "validation stimulus" });
        }
        for (rate, &n_bins) in rates.iter().zip(&self.n_bins) {
            expect_shape("rate", rate.shape(), &[self.targets.len().into(), n_bins.into()])?;
        }
        let score = |neuron| {
            let row = |rate: &Array2<R>| rate.index_axis(Axis(0), neuron).mapv(Into::into);
            let rows: Vec<Array1<f64>> = rates.iter().map(row).collect();
            self.score_of(neuron, |stimulus| rows[stimulus].view())
        };
        Ok((0..self.targets.len()).into_par_iter().map(score).collect())
    }

    /// The mean score over the neurons for which it is defined; `None` if there are none.
    ///
    /// The score of a neuron is undefined if the prediction is constant or not finite, as can happen at the start of a fit
    /// or when it diverges. Means of different epochs may therefore be over different neurons.
    ///
    /// # Errors
    /// As [`per_neuron`](Self::per_neuron).
    pub fn score(&self, rates: &[Array2<f64>]) -> Result<Option<f64>> {
        let defined: Vec<f64> = self.per_neuron(rates)?.into_iter().filter_map(Result::ok).collect();
        Ok(mean_of(&defined))
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::{moments::centred, observation::Observation, scores};

    /// Sums of rates over the scored bins give the same scores as the rates.
    fn sums_give_the_score(scorer: &ValidationScorer, rates: &[Array2<f64>]) {
        for (neuron, score) in scorer.per_neuron(rates).unwrap().into_iter().enumerate() {
            let scored = scorer.scored_bins(neuron);
            let at = |s: &ScoredBins| -> Vec<f64> {
                s.bins.iter().map(|&t| rates[s.stimulus][[neuron, t]]).collect()
            };
            let groups: Vec<(Vec<f64>, Vec<f64>)> = match scorer.which() {
                ValidationScore::CcNorm => scored.iter().map(|s| (at(s), s.psth.clone())).collect(),
                ValidationScore::CcRaw => vec![(
                    scored.iter().flat_map(at).collect(),
                    scored.iter().flat_map(|s| s.psth.clone()).collect(),
                )],
            };
            let mut sums = RateSums { squares: 0.0, products: 0.0, floor: 0.0 };
            for (rate, psth) in &groups {
                let rate = centred(rate);
                sums.squares += rate.iter().map(|r| r * r).sum::<f64>();
                sums.products += rate.iter().zip(psth).map(|(r, y)| r * y).sum::<f64>();
            }
            let of_sums = scorer.score_of_sums(neuron, &sums).unwrap();
            assert!((of_sums - score.unwrap()).abs() < 1e-12, "{of_sums} {score:?}");
            let constant = RateSums { squares: 0.0, ..sums };
            assert_eq!(scorer.score_of_sums(neuron, &constant), Err(Undefined::ConstantRate));
        }
    }

    #[test]
    fn it_equals_the_scores_bit_for_bit() {
        let mut stream = Seed::new(2).stream("validation");
        let lengths = [50, 31];
        let rates: Vec<_> =
            lengths.iter().map(|&t| Array2::from_shape_fn((3, t), |_| stream.unit())).collect();
        let responses: Vec<_> = rates
            .iter()
            .map(|p| {
                Array3::from_shape_fn((3, 4, p.ncols()), |(n, _, t)| {
                    f64::from(stream.poisson(3.0 * p[[n, t]]))
                })
            })
            .collect();
        let masks: Vec<_> = lengths.iter().map(|&t| ResponseMask::all(3, 4, t)).collect();
        let observations: Vec<_> = (0..2)
            .map(|b| Observation::new(rates[b].view(), responses[b].view(), &masks[b]).unwrap())
            .collect();
        let recorded = crate::observation::recorded(&observations);
        let scorer = ValidationScorer::new(ValidationScore::CcNorm, &recorded).unwrap();
        let cc_norm = crate::numbers(scores::cc_norm(&observations).unwrap());
        assert_eq!(scorer.per_neuron(&rates).unwrap(), cc_norm);
        sums_give_the_score(&scorer, &rates);
        let scorer = ValidationScorer::new(ValidationScore::CcRaw, &recorded).unwrap();
        let cc = crate::numbers(scores::cc_raw(&observations).unwrap());
        assert_eq!(scorer.per_neuron(&rates).unwrap(), cc);
        sums_give_the_score(&scorer, &rates);
        let mean = cc.iter().map(|c| c.unwrap()).sum::<f64>() / 3.0;
        assert!((scorer.score(&rates).unwrap().unwrap() - mean).abs() < 1e-15);
        assert_eq!(
            scorer.score(&rates[..1]).unwrap_err().to_string(),
            "rates has 1 entries, expected 2, one per validation stimulus"
        );
        assert!(scorer.score(&[rates[1].clone(), rates[0].clone()]).is_err());
    }
}
