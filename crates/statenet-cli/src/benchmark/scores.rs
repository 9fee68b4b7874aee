//! `benchmark.json`: what a benchmark found. Scripts rely on its fields: do not rename them.

use serde::{Deserialize, Serialize};
use statenet::metrics::PairedTests;

/// How the file calls itself.
pub(super) const FORMAT: &str = "statenet-benchmark";
pub(super) const VERSION: u32 = 1;

/// The content of the file. Undefined numbers are null.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Benchmark {
    pub(super) format: String,
    pub(super) version: u32,
    /// The model that the others are compared with.
    pub(super) against: String,
    /// The score that models are compared by: `ccnorm`, or `cc` where no neuron has a CCnorm.
    pub(super) compared: String,
    pub(super) seeds: Vec<u64>,
    pub(super) splits: Vec<String>,
    pub(super) recordings: Vec<RecordingSummary>,
    /// The models, best first by the score that they are compared by.
    pub(super) models: Vec<ModelScores>,
    /// One model against each other one, over all recordings and, where there are several, on each.
    pub(super) comparisons: Vec<Compared>,
    pub(super) rank_stability: RankStability,
    /// Fits that failed, models that do not suit a recording, with their causes.
    pub(super) failed: Vec<Failure>,
    /// Seconds of all fits together: a field of time, in which equal runs differ.
    pub(super) seconds: f64,
}

/// A recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RecordingSummary {
    pub(super) name: String,
    pub(super) neurons: usize,
    pub(super) stimuli: usize,
    /// Width of a bin, ms.
    pub(super) dt_ms: f64,
    pub(super) response_unit: String,
    /// What makes the groups of neurons that were recorded together; null if every neuron is one.
    pub(super) clustered_by: Option<String>,
    /// Number of groups.
    pub(super) clusters: usize,
    pub(super) rank_stability: RankStability,
}

/// The scores of a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ModelScores {
    /// Its name, `NAME+ADAPTATION` with an adaptation in front of it.
    pub(super) name: String,
    /// Over all recordings. Parameters and multiplications are the means over recordings, where these differ in neurons.
    #[serde(flatten)]
    pub(super) scores: Scores,
    /// The same on each recording.
    pub(super) recordings: Vec<OnRecording>,
    /// The mean scores of each neuron over splits and seeds.
    pub(super) per_neuron: Vec<NeuronMeans>,
}

/// The scores of a model on a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct OnRecording {
    pub(super) recording: String,
    #[serde(flatten)]
    pub(super) scores: Scores,
}

/// The scores of a model over some neurons.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Scores {
    /// Number of trained parameters.
    pub(super) parameters: Option<u64>,
    /// Multiplications in a second of sound.
    pub(super) multiplications_per_second: Option<f64>,
    /// CCnorm, as [`statenet::metrics::scores::cc_norm`] has it.
    pub(super) ccnorm: Estimate,
    /// CCraw.
    pub(super) cc: Estimate,
    /// Fraction of variance explained.
    pub(super) fve: Estimate,
    /// CCnorm in the form of the StateNet paper, for comparison with its numbers.
    pub(super) ccnorm_per_clip: Estimate,
    /// Its place among the models.
    pub(super) rank: Rank,
    /// Number of fits that ended with a result.
    pub(super) fits: usize,
    /// Number of fits that failed.
    pub(super) failed: usize,
    /// Mean seconds of a fit with its scores: a field of time.
    pub(super) seconds: Option<f64>,
}

impl ModelScores {
    /// Over all recordings, or on one; `None` if it was not fitted there.
    pub(super) fn on(&self, recording: Option<&str>) -> Option<&Scores> {
        match recording {
            None => Some(&self.scores),
            Some(name) => self.recordings.iter().find(|on| on.recording == name).map(|on| &on.scores),
        }
    }
}

/// A score over neurons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Estimate {
    /// Mean over neurons of their means over splits and seeds.
    pub(super) mean: Option<f64>,
    /// Its 95 % bootstrap interval over the groups in which neurons were recorded.
    pub(super) ci95: Option<[f64; 2]>,
    /// The mean over neurons with each seed, in the order of `seeds`.
    pub(super) per_seed: Vec<Option<f64>>,
    /// Number of neurons that have the score.
    pub(super) n: usize,
}

/// Places of a model, 1 the best, among the models that have a score; a place for each recording, split and seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Rank {
    pub(super) mean: Option<f64>,
    pub(super) best: Option<usize>,
    pub(super) worst: Option<usize>,
    /// In how many places it is first.
    pub(super) first: usize,
    /// Number of places.
    pub(super) n: usize,
}

/// How much the order of the models is the same over recordings, splits and seeds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct RankStability {
    /// Kendall's coefficient of concordance W (Kendall & Babington Smith 1939): 1 if all orders are equal, about 0 if they have nothing in
    /// common; of the models that have a place in all; null for fewer than two models or orders.
    pub(super) kendall_w: Option<f64>,
    /// Number of models.
    pub(super) models: usize,
    /// Number of orders.
    pub(super) orders: usize,
}

/// The mean scores of a neuron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NeuronMeans {
    pub(super) recording: String,
    pub(super) id: String,
    pub(super) ccnorm: Option<f64>,
    pub(super) cc: Option<f64>,
    pub(super) fve: Option<f64>,
    pub(super) ccnorm_per_clip: Option<f64>,
    /// How far back sound affects the neuron, where the recording says it (`neurons[].memory_ms`), as that of simulated neurons does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) memory_ms: Option<f64>,
}

/// Two models on the same neurons, `a` minus `b`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Compared {
    pub(super) a: String,
    pub(super) b: String,
    /// Mean over the neurons that both have a score of.
    pub(super) mean: Option<f64>,
    /// Its 95 % bootstrap interval over groups of neurons.
    pub(super) ci95: Option<[f64; 2]>,
    /// Two-sided p value of the mean, from flipping the signs of groups.
    pub(super) p: Option<f64>,
    /// The same corrected for the number of other models (Holm 1979).
    pub(super) p_corrected: Option<f64>,
    /// Number of neurons.
    pub(super) n: usize,
    /// The recording; null for all of them together.
    pub(super) recording: Option<String>,
    /// Further tests, and what makes the groups.
    pub(super) tests: PairedTests,
}

/// Fits of a model on a recording that failed for one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) model: String,
    pub(super) recording: String,
    pub(super) why: String,
    /// The names of the fits' jobs.
    pub(super) jobs: Vec<String>,
}
