//! The validation score that decides when a fit has converged.

use candle_core::{Device, Tensor};
use ndarray::Array2;
use rayon::prelude::*;
use statenet_data::{Batches, Recording};
use statenet_metrics::{Score, Undefined, ValidationScore, ValidationScorer};
use statenet_models::{Mode, ResponseModel};

use crate::{
    error::{During, Error, Result},
    evaluate::{Recorded, rates_of},
};

/// Validation stimuli on the model's device, and the score of any rates for them.
pub(crate) struct Validation {
    cochleagrams: Vec<Tensor>,
    target: ValidationTarget,
}

impl Validation {
    pub(crate) fn new(recording: &Recording, stimuli: &[usize], device: &Device) -> Result<Self> {
        let cochleagrams = Batches::new(recording, stimuli, device)?
            .in_order(1)?
            .map(|batch| Ok(batch?.cochleagrams))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { cochleagrams, target: ValidationTarget::new(recording, stimuli)? })
    }

    /// The score of a model as it is.
    pub(crate) fn score(&self, model: &dyn ResponseModel) -> Result<Option<f64>> {
        let rates: Vec<Array2<f64>> = self
            .cochleagrams
            .par_iter()
            .map(|cochleagram| Ok(rates_of(&model.forward(cochleagram, Mode::Eval)?)?.mapv(f64::from)))
            .collect::<Result<_>>()?;
        Ok(mean(&self.target.per_neuron(&rates)?))
    }
}

/// What was recorded for the validation stimuli, and the score of any rates for them.
///
/// The score is CCnorm; where no neuron can have one (a single repeat, no signal), CCraw.
pub(crate) struct ValidationTarget(ValidationScorer);

impl ValidationTarget {
    /// # Errors
    /// [`Error::NothingToScore`] if no neuron's response varies.
    pub(crate) fn new(recording: &Recording, stimuli: &[usize]) -> Result<Self> {
        let recorded = Recorded::of(recording, stimuli)?;
        let views = recorded.views()?;
        // Any rate that varies shows for which neurons a score can exist.
        let probe: Vec<Array2<f64>> = views
            .iter()
            .map(|r| Array2::from_shape_fn((r.n_neurons(), r.n_bins()), |(_, t)| t as f64))
            .collect();
        let mut reason = None;
        for score in [ValidationScore::CcNorm, ValidationScore::CcRaw] {
            let scorer = ValidationScorer::new(score, &views)?;
            let scores = scorer.per_neuron(&probe)?;
            if scores.iter().any(Result::is_ok) {
                return Ok(Self(scorer));
            }
            reason = scores.into_iter().find_map(Result::err);
        }
        let reason = reason.map_or_else(|| "no neurons".to_owned(), |reason| reason.to_string());
        Err(Error::NothingToScore { reason })
    }

    /// Scores per neuron; `None` for a neuron whose recording allows none. A rate that does not vary scores 0, so that
    /// a neuron which a model ignores is not left out of the mean.
    pub(crate) fn per_neuron(&self, rates: &[Array2<f64>]) -> Result<Vec<Option<f64>>> {
        let value = |score: Score| match score {
            Ok(score) => Some(score),
            Err(Undefined::ConstantRate | Undefined::NotFinite { .. }) => Some(0.0),
            Err(_) => None,
        };
        Ok(self.0.per_neuron(rates)?.into_iter().map(value).collect())
    }
}

/// The mean over the neurons that have a score.
pub(crate) fn mean(scores: &[Option<f64>]) -> Option<f64> {
    let defined: Vec<f64> = scores.iter().copied().flatten().collect();
    (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
}

/// The mean recorded rate of each neuron over training bins, spikes per bin; 0 for a neuron without data.
pub(crate) fn mean_rates(batches: &Batches) -> Result<Vec<f64>> {
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for batch in batches.in_order(1)? {
        let batch = batch?;
        let sum = |t: &Tensor| -> candle_core::Result<Vec<f64>> {
            t.to_dtype(candle_core::DType::F64)?.sum((0, 2))?.to_vec1()
        };
        let total = (&batch.targets * &batch.mask).and_then(|t| sum(&t)).during("summing targets")?;
        let count = sum(&batch.mask).during("counting bins")?;
        sums.resize(total.len(), (0.0, 0.0));
        for (s, (t, c)) in sums.iter_mut().zip(total.into_iter().zip(count)) {
            *s = (s.0 + t, s.1 + c);
        }
    }
    Ok(sums.into_iter().map(|(total, count)| if count > 0.0 { total / count } else { 0.0 }).collect())
}

/// Fails early if model and recording do not belong together.
pub(crate) fn expect_fit(model: &dyn ResponseModel, recording: &Recording) -> Result<()> {
    let pairs = [
        ("bands", model.n_bands(), recording.n_bands()),
        ("neurons", model.n_neurons(), recording.n_neurons()),
    ];
    match pairs.into_iter().find(|(_, model, recording)| model != recording) {
        Some((what, model, recording)) => Err(Error::Mismatch { what, model, recording }),
        None => Ok(()),
    }
}
