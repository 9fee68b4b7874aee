//! The validation score, by which fits stop and ridge regressions choose lags and penalties.

use candle_core::{Device, Tensor};
use ndarray::{Array2, ArrayView1};
use rayon::prelude::*;
use statenet_data::{Part, Recording, Split};
use statenet_metrics::{RateSums, Recorded, Score, ScoredBins, Undefined, ValidationScore, ValidationScorer};

use crate::{
    error::{Error, Result},
    evaluate::{RecordedResponses, groups_of_neurons, rates_of},
};

/// Scores a model on validation stimuli, which are kept on its device.
pub(crate) struct Validation {
    cochleagrams: Vec<Tensor>,
    target: ValidationTarget,
}

impl Validation {
    pub(crate) fn new(recording: &Recording, split: &Split, device: &Device) -> Result<Self> {
        let cochleagram = |&s: &usize| Ok(recording.stimulus(s)?.cochleagram_on(device)?);
        let cochleagrams = split.val().iter().map(cochleagram).collect::<Result<Vec<_>>>()?;
        Ok(Self { cochleagrams, target: ValidationTarget::new(recording, split)? })
    }

    /// The score of the rates that `forward` gives for each stimulus.
    pub(crate) fn score(&self, forward: impl Fn(&Tensor) -> Result<Tensor> + Sync) -> Result<Option<f64>> {
        let rates = |cochleagram: &Tensor| rates_of(&forward(cochleagram)?);
        let rates: Vec<Array2<f32>> = self.cochleagrams.par_iter().map(rates).collect::<Result<_>>()?;
        Ok(mean_score(&self.target.per_neuron(&rates)?))
    }
}

/// Scores rates against the recorded responses to validation stimuli.
///
/// The score is CCnorm, or CCraw if CCnorm is undefined for all neurons (a single repeat, or no signal). Neurons without training
/// data have none.
pub(crate) struct ValidationTarget {
    scorer: ValidationScorer,
    /// Whether each neuron has training data.
    is_trained: Vec<bool>,
}

impl ValidationTarget {
    /// The recorded responses to validation stimuli, prepared for scoring.
    ///
    /// # Errors
    /// [`Error::Data`] if no neuron has both training and validation data; [`Error::NothingToScore`] if the responses of all that
    /// have are constant.
    pub(crate) fn new(recording: &Recording, split: &Split) -> Result<Self> {
        split.expect_data(&[Part::Train, Part::Val], recording)?;
        let is_trained = split.has_data(Part::Train, recording)?;
        let groups = groups_of_neurons(recording, split.val())?;
        let mut reason = None;
        for score in [ValidationScore::CcNorm, ValidationScore::CcRaw] {
            let (mut all, mut scores) = (None::<ValidationScorer>, Vec::new());
            for group in &groups {
                let recorded = RecordedResponses::of_neurons(recording, split.val(), group.clone())?;
                let views = recorded.views()?;
                let scorer = ValidationScorer::new(score, &views)?;
                // Scoring any varying rate shows for which neurons a score is defined.
                let probe =
                    |r: &Recorded<'_>| Array2::from_shape_fn((r.n_neurons(), r.n_bins()), |(_, t)| t as f64);
                scores.extend(scorer.per_neuron(&views.iter().map(probe).collect::<Vec<_>>())?);
                all = Some(match all {
                    Some(before) => before.and(scorer)?,
                    None => scorer,
                });
            }
            let scores: Vec<Score> =
                scores.into_iter().zip(&is_trained).filter_map(|(s, &t)| t.then_some(s)).collect();
            if let Some(scorer) = all.filter(|_| scores.iter().any(Result::is_ok)) {
                return Ok(Self { scorer, is_trained });
            }
            reason = scores.into_iter().find_map(Result::err);
        }
        let reason = reason.map_or_else(|| "no neurons".to_owned(), |reason| reason.to_string());
        Err(Error::NothingToScore { reason })
    }

    /// The score of each neuron; `None` if its recorded responses do not allow one, or if it has no training data. A constant rate
    /// scores 0, so that neurons which a model ignores are not left out of the mean.
    pub(crate) fn per_neuron(&self, rates: &[Array2<f32>]) -> Result<Vec<Option<f64>>> {
        let scores = self.scorer.per_neuron(rates)?.into_iter().enumerate();
        Ok(scores.map(|(neuron, score)| self.value(neuron, score)).collect())
    }

    /// The score of one neuron, from its rate for each stimulus.
    pub(crate) fn score_of<'r>(
        &self,
        neuron: usize,
        rate: impl Fn(usize) -> ArrayView1<'r, f64>,
    ) -> Option<f64> {
        self.value(neuron, self.scorer.score_of(neuron, rate))
    }

    /// The score of one neuron, from sums over its scored bins.
    pub(crate) fn score_of_sums(&self, neuron: usize, rate: &RateSums) -> Option<f64> {
        self.value(neuron, self.scorer.score_of_sums(neuron, rate))
    }

    /// The bins at which a neuron is scored.
    pub(crate) fn scored_bins(&self, neuron: usize) -> Vec<ScoredBins> {
        self.scorer.scored_bins(neuron)
    }

    /// Which score it is.
    pub(crate) fn which(&self) -> ValidationScore {
        self.scorer.which()
    }

    /// What the score of a neuron counts.
    fn value(&self, neuron: usize, score: Score) -> Option<f64> {
        match score {
            _ if !self.is_trained.get(neuron).copied().unwrap_or(false) => None,
            Ok(score) => Some(score),
            Err(Undefined::ConstantRate | Undefined::NotFinite { .. }) => Some(0.0),
            Err(_) => None,
        }
    }
}

/// The mean over the neurons with a score.
pub(crate) fn mean_score(scores: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = scores.iter().copied().flatten().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}
