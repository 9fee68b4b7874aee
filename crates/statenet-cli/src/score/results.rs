//! What the file of scores holds.

use serde_json::{Map, Value, json};
use statenet::{
    metrics::{
        Clusters, ComparedScore, ComparisonOptions, PairComparison, compare_many,
        resampling::{IntervalMethod, Resampling, bootstrap_mean},
    },
    prelude::*,
};

use super::{
    model::Scored,
    names::{ALL, Named},
};

/// The mean of a score over the neurons that have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Population {
    pub(super) mean: Option<f64>,
    pub(super) median: Option<f64>,
    pub(super) ci95: Option<[f64; 2]>,
    pub(super) n: usize,
}

impl Population {
    /// Mean, median, and the BCa bootstrap interval of the mean over neurons.
    pub(super) fn of(score: &Named, model: &Scored) -> Self {
        let mut values: Vec<f64> = model.further.iter().filter_map(|s| (score.of)(s).ok()).collect();
        let n = values.len();
        let seed = model.test.options.seed;
        let interval = Resampling::new(seed, 2000)
            .ok()
            .and_then(|resampling| bootstrap_mean(&values, IntervalMethod::Bca, 0.95, &resampling).ok());
        let mean = (n > 0).then(|| values.iter().sum::<f64>() / n as f64);
        values.sort_by(f64::total_cmp);
        let median = (n > 0).then(|| 0.5 * (values[(n - 1) / 2] + values[n / 2]));
        Self { mean, median, ci95: interval.map(|i| [i.lower, i.upper]), n }
    }

    fn json(&self) -> Value {
        json!({"mean": self.mean, "median": self.median, "ci95": self.ci95, "n": self.n})
    }
}

/// Which score models are compared by: CCnorm, or CCraw where no neuron has a CCnorm.
pub(super) fn compared_by(models: &[Scored]) -> (ComparedScore, &'static str) {
    let has_ccnorm = models.iter().all(|model| model.test.n_ccnorm() > 0);
    if has_ccnorm { (ComparedScore::CcNorm, "ccnorm") } else { (ComparedScore::CcRaw, "cc") }
}

/// The title of what models are compared by.
pub(super) fn compared_title(models: &[Scored]) -> &'static str {
    match compared_by(models).0 {
        ComparedScore::CcRaw => "CCraw",
        _ => "CCnorm",
    }
}

/// Each pair of models, in their order, over the groups in which the neurons were recorded; p values with Holm's correction for the
/// number of pairs.
pub(super) fn differences(models: &[Scored], clusters: &Clusters, seed: Seed) -> Vec<PairComparison> {
    let (score, _) = compared_by(models);
    let models: Vec<_> = models.iter().map(|model| (model.name.as_str(), &model.test)).collect();
    compare_many(&models, clusters, &ComparisonOptions { score, seed, ..ComparisonOptions::default() })
}

/// The object of one model: that of `summary.json`, with further scores of each neuron and of the population.
///
/// # Errors
/// If a number cannot be written.
pub(super) fn test_object(model: &Scored) -> anyhow::Result<Map<String, Value>> {
    let Value::Object(mut test) = serde_json::to_value(&model.test)? else {
        anyhow::bail!("the scores are not an object");
    };
    if let Some(neurons) = test.get_mut("per_neuron").and_then(Value::as_array_mut) {
        for (neuron, scores) in neurons.iter_mut().filter_map(Value::as_object_mut).zip(&model.further) {
            let mut undefined = match neuron.shift_remove("undefined") {
                Some(Value::Object(reasons)) => reasons,
                _ => Map::new(),
            };
            for Named { field, of, interval, ceiling, .. } in &ALL {
                let value = match of(scores) {
                    Err(reason) => {
                        undefined.insert((*field).to_owned(), serde_json::to_value(reason)?);
                        Value::Null
                    }
                    Ok(value) => {
                        let interval = interval(&scores.intervals).map(|i| [i.lower, i.upper]);
                        let mut fields = json!({"value": value, "ci95": interval});
                        if let (Some(ceiling), Some(fields)) = (ceiling, fields.as_object_mut()) {
                            fields.insert("ceiling".to_owned(), json!(ceiling(scores)));
                        }
                        fields
                    }
                };
                neuron.insert((*field).to_owned(), value);
            }
            if !undefined.is_empty() {
                neuron.insert("undefined".to_owned(), Value::Object(undefined));
            }
        }
    }
    let population = ALL.iter().map(|score| (score.field.to_owned(), Population::of(score, model).json()));
    test.insert("population".to_owned(), Value::Object(population.collect()));
    test.insert("further_options".to_owned(), serde_json::to_value(model.options)?);
    Ok(test)
}

/// The object of several models.
///
/// # Errors
/// As [`test_object`].
pub(super) fn models_object(
    models: &[Scored],
    differences: &[PairComparison],
) -> anyhow::Result<Map<String, Value>> {
    let mut tests = Map::new();
    for model in models {
        tests.insert(model.name.clone(), Value::Object(test_object(model)?));
    }
    let (_, score) = compared_by(models);
    let comparison = |pair: &PairComparison| {
        let mut fields = serde_json::to_value(pair)?;
        if let Some(fields) = fields.as_object_mut() {
            fields.insert("score".to_owned(), json!(score));
        }
        Ok(fields)
    };
    let comparisons = differences.iter().map(comparison).collect::<anyhow::Result<_>>()?;
    let fields = [("models", Value::Object(tests)), ("comparisons", Value::Array(comparisons))];
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
