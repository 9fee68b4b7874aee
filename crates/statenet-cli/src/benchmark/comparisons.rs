//! One model against each other one, neuron by neuron.

use serde_json::json;
use statenet::metrics::{ComparedScore, ComparisonOptions, Evaluation, PairComparison, compare_with};

use super::{
    estimates::{Means, Neurons},
    fits::{CC, CCNORM},
    scores::Compared,
};

impl Compared {
    fn new(pair: PairComparison, recording: Option<&str>) -> Self {
        let PairComparison { a, b, mean, ci95, p, p_corrected, n, tests } = pair;
        Self { a, b, mean, ci95, p, p_corrected, n, recording: recording.map(str::to_owned), tests }
    }

    /// As the metrics have it.
    pub(super) fn pair(&self) -> PairComparison {
        let Self { a, b, mean, ci95, p, p_corrected, n, tests, recording: _ } = self.clone();
        PairComparison { a, b, mean, ci95, p, p_corrected, n, tests }
    }
}

/// A model against each other one that has scores, on the neurons of a recording or of all.
///
/// # Errors
/// None: scores are finite.
pub(super) fn compared(
    models: &[(String, Means)],
    against: &str,
    neurons: &Neurons,
    recording: Option<&str>,
    score: usize,
) -> anyhow::Result<Vec<Compared>> {
    let mut evaluations = Vec::new();
    for (name, means) in models {
        let evaluation = evaluation(means, neurons, recording)?;
        if evaluation.per_neuron.iter().any(|n| if score == CC { n.cc.is_some() } else { n.ccnorm.is_some() })
        {
            evaluations.push((name.as_str(), evaluation));
        }
    }
    let Some((_, first)) = evaluations.iter().find(|(name, _)| *name == against) else {
        return Ok(Vec::new());
    };
    let others: Vec<(&str, &Evaluation)> =
        evaluations.iter().filter(|(name, _)| *name != against).map(|(name, e)| (*name, e)).collect();
    let by = if score == CC { ComparedScore::CcRaw } else { ComparedScore::CcNorm };
    let options = ComparisonOptions { score: by, ..ComparisonOptions::default() };
    let pairs = compare_with((against, first), &others, &neurons.clusters(recording), &options);
    Ok(pairs.into_iter().map(|pair| Compared::new(pair, recording)).collect())
}

/// The mean scores of neurons as an evaluation, for tests.
fn evaluation(means: &Means, neurons: &Neurons, recording: Option<&str>) -> anyhow::Result<Evaluation> {
    let neuron = |neuron: &super::estimates::Neuron| {
        let scores = means.get(&(neuron.recording.clone(), neuron.id.clone()))?;
        let score = |at: usize| scores.get(at).copied().flatten();
        Some(
            json!({"id": neuron.unique_id(), "cc": score(CC), "ccnorm": score(CCNORM), "fve": null, "ccmax": null}),
        )
    };
    let per_neuron: Vec<_> = neurons.on(recording).filter_map(neuron).collect();
    Ok(serde_json::from_value(json!({"cc_mean": null, "cc_median": null, "ccnorm_mean": null,
        "ccnorm_median": null, "fve_mean": null, "ccnorm_ci95": null, "per_neuron": per_neuron}))?)
}
