//! What the scores of an evaluation are of: stimuli, repeats, smoothing, pooling, and the neurons that are left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::NeuronScores;
use crate::{observation::Recorded, undefined::Undefined};

/// How the stimuli of a score are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pooling {
    /// All bins of all stimuli in a row, with one mean: differences between stimuli count.
    Concatenated,
    /// Each stimulus about its own mean, sums over stimuli: differences between stimuli do not count.
    WithinStimuli,
    /// A score of each stimulus, averaged over stimuli.
    PerStimulus,
}

/// The number of repeats of a stimulus, over neurons and stimuli with at least one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepeatCounts {
    /// The smallest.
    pub fewest: usize,
    /// The largest.
    pub most: usize,
}

impl RepeatCounts {
    /// Of the neurons of some responses, and of others that were counted before; `None` if none has a repeat.
    pub(super) fn of(recorded: &[Recorded<'_>], before: Option<Self>) -> Option<Self> {
        let counts = recorded
            .iter()
            .flat_map(|stimulus| (0..stimulus.n_neurons()).map(|n| stimulus.mask().n_repeats(n)));
        counts.filter(|&n| n > 0).fold(before, |before, n| {
            let Self { fewest, most } = before.unwrap_or(Self { fewest: n, most: n });
            Some(Self { fewest: fewest.min(n), most: most.max(n) })
        })
    }
}

/// Neurons that are not in the mean of a score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The score's field, for example `ccnorm`.
    pub score: String,
    /// The kind of reason, as in [`Undefined`], for example `no_signal`; the numbers are beside each neuron.
    pub reason: String,
    /// Ids of the neurons.
    pub neurons: Vec<String>,
}

/// The reason why a score of a neuron is undefined.
type Reason = fn(&NeuronScores) -> Option<Undefined>;

/// What the scores are of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Number of stimuli.
    pub n_stimuli: usize,
    /// Number of bins of all stimuli.
    pub n_bins: usize,
    /// Repeats of a stimulus.
    pub repeats: RepeatCounts,
    /// How the responses were smoothed, in words; `None` if whoever called did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<String>,
    /// The pooling of each score, by its field.
    pub pooling: BTreeMap<String, Pooling>,
    /// Neurons without a score, by score and reason.
    pub left_out: Vec<LeftOut>,
}

impl Conditions {
    /// Of stimuli with these numbers of bins.
    pub(super) fn of(n_bins: &[usize], repeats: RepeatCounts, neurons: &[NeuronScores]) -> Self {
        let pooling = [
            ("cc", Pooling::Concatenated),
            ("ccnorm", Pooling::WithinStimuli),
            ("fve", Pooling::Concatenated),
            ("ccmax", Pooling::WithinStimuli),
        ];
        let reasons: [(&str, Reason); 4] = [
            ("cc", |n| n.undefined.cc),
            ("ccnorm", |n| n.undefined.ccnorm),
            ("fve", |n| n.undefined.fve),
            ("ccmax", |n| n.undefined.ccmax),
        ];
        Self {
            n_stimuli: n_bins.len(),
            n_bins: n_bins.iter().sum(),
            repeats,
            smoothing: None,
            pooling: pooling.into_iter().map(|(score, pooling)| (score.to_owned(), pooling)).collect(),
            left_out: reasons.into_iter().flat_map(|(score, of)| left_out(score, neurons, of)).collect(),
        }
    }
}

fn left_out(score: &str, neurons: &[NeuronScores], reason: Reason) -> Vec<LeftOut> {
    let mut by_reason: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for neuron in neurons {
        if let Some(reason) = reason(neuron) {
            by_reason.entry(reason.kind()).or_default().push(neuron.id.clone());
        }
    }
    by_reason
        .into_iter()
        .map(|(reason, neurons)| LeftOut { score: score.to_owned(), reason, neurons })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::ResponseMask;

    use super::*;
    use crate::{EvaluationOptions, Observation, evaluate_observations};

    #[test]
    fn unequal_repeats_and_neurons_without_a_score_are_stated() {
        let rates = [Array2::from_shape_fn((2, 60), |(_, t)| (t as f64).sin()), Array2::zeros((2, 30))];
        let responses = [(4, 60), (2, 30)].map(|(n_repeats, n_bins)| {
            Array3::from_shape_fn((2, n_repeats, n_bins), |(n, r, t)| {
                if n == 1 { 0.0 } else { 9.0 * (t as f64).sin() + ((t * 7 + r * 5) % 11) as f64 }
            })
        });
        let masks = [ResponseMask::all(2, 4, 60), ResponseMask::all(2, 2, 30)];
        let observations: Vec<_> = (0..2)
            .map(|b| Observation::new(rates[b].view(), responses[b].view(), &masks[b]).unwrap())
            .collect();
        let ids = ["heard".to_owned(), "silent".to_owned()];
        let options = EvaluationOptions { block_bins: 10, ..EvaluationOptions::default() };
        let conditions = evaluate_observations(&ids, &observations, &options).unwrap().conditions;
        assert_eq!((conditions.n_stimuli, conditions.n_bins), (2, 90));
        assert_eq!(conditions.repeats, RepeatCounts { fewest: 2, most: 4 });
        assert_eq!(conditions.pooling["ccnorm"], Pooling::WithinStimuli);
        assert!(conditions.left_out.contains(&LeftOut {
            score: "ccnorm".to_owned(),
            reason: "constant_response".to_owned(),
            neurons: vec!["silent".to_owned()],
        }));
        assert_eq!(conditions.left_out.iter().filter(|l| l.score == "ccnorm").count(), 1);
    }
}
