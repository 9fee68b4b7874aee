//! Paired comparison of models on the same neurons.

mod difference;
mod explanation;
mod many;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statenet_core::Seed;

pub use difference::{Difference, MeanDifference, Needed, evaluate_difference, needed_for};
pub use many::{Correction, PairComparison, compare_many, compare_with};

use crate::{
    clusters::Clusters,
    evaluation::{Evaluation, NeuronScores},
    moments::mean_of,
    resampling::{ClusterSums, Resampling, sign_flip, wilcoxon_signed_rank},
};

/// The score to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedScore {
    /// CCnorm.
    #[default]
    CcNorm,
    /// CCraw.
    CcRaw,
    /// Fraction of variance explained.
    Fve,
}

impl ComparedScore {
    fn of(self, neuron: &NeuronScores) -> Option<f64> {
        match self {
            Self::CcNorm => neuron.ccnorm,
            Self::CcRaw => neuron.cc,
            Self::Fve => neuron.fve,
        }
    }
}

/// How the scores of two models differ, over the neurons for which both are defined. Undefined numbers are `None`, null in
/// JSON.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Mean of first minus second.
    pub mean_difference: Option<f64>,
    /// Its 95 % bootstrap interval over neurons; `None` for a single neuron.
    pub ci95: Option<[f64; 2]>,
    /// Two-sided p value of Wilcoxon's signed-rank test; `None` if all differences are 0.
    pub p_wilcoxon: Option<f64>,
    /// Two-sided p value of the sign-flip permutation test of the mean.
    pub p_sign_flip: Option<f64>,
    /// Number of neurons compared.
    pub n: usize,
}

/// Compares the CCnorm of two models neuron by neuron, `first` minus `second`, with seed 0.
///
/// Neurons are matched by id. Interval and tests treat neurons as independent and the test stimuli as fixed: they tell
/// whether the difference holds for other neurons like these with the same sounds. Since neurons recorded together share
/// noise, p values are somewhat too small; [`compare_many`] takes the groups in which they were recorded. Variation between fits with different seeds is not covered.
///
/// ```
/// use statenet_metrics::{Evaluation, compare};
/// let read = |ccnorm: [f64; 5]| -> Result<Evaluation, serde_json::Error> {
///     let per_neuron: Vec<_> = ccnorm.iter().enumerate().map(|(i, c)| {
///         serde_json::json!({"id": i.to_string(), "cc": null, "ccnorm": c, "fve": null, "ccmax": null})
///     }).collect();
///     serde_json::from_value(serde_json::json!({"cc_mean": null, "cc_median": null, "ccnorm_mean": null,
///         "ccnorm_median": null, "fve_mean": null, "ccnorm_ci95": null, "per_neuron": per_neuron}))
/// };
/// let comparison = compare(&read([0.8, 0.7, 0.9, 0.6, 0.8])?, &read([0.7, 0.5, 0.6, 0.2, 0.3])?);
/// assert!(comparison.mean_difference.is_some_and(|d| (d - 0.3).abs() < 1e-12));
/// assert_eq!(comparison.p_wilcoxon, Some(2.0 / 32.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn compare(first: &Evaluation, second: &Evaluation) -> Comparison {
    compare_by(ComparedScore::CcNorm, first, second, Seed::new(0))
}

/// Compares another score of two models as [`compare`] does.
#[must_use]
pub fn compare_by(score: ComparedScore, first: &Evaluation, second: &Evaluation, seed: Seed) -> Comparison {
    let options = ComparisonOptions { score, seed, ..ComparisonOptions::default() };
    let (ids, differences) = matched(score, first, second);
    let tests = paired_tests(&ids, &differences, &Clusters::none(), &options);
    Comparison {
        mean_difference: tests.mean,
        ci95: tests.ci95,
        p_wilcoxon: tests.p_wilcoxon,
        p_sign_flip: tests.p,
        n: tests.n,
    }
}

/// Options of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonOptions {
    /// The score to compare. Default CCnorm.
    pub score: ComparedScore,
    /// Seed of the bootstrap and of the permutations. Default 0.
    pub seed: Seed,
    /// Correction for many comparisons. Default Holm.
    pub correction: Correction,
    /// A difference below this is no difference that matters, for the test of equivalence. Default 0.01.
    pub margin: f64,
    /// The power for which the number of groups is stated. Default 0.8.
    pub power: f64,
}

impl Default for ComparisonOptions {
    fn default() -> Self {
        let (score, correction) = (ComparedScore::default(), Correction::default());
        Self { score, seed: Seed::new(0), correction, margin: 0.01, power: 0.8 }
    }
}

/// Tests of paired differences, with the units that they are of. Undefined numbers are `None`, null in JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairedTests {
    /// Mean over neurons.
    #[serde(skip)]
    pub mean: Option<f64>,
    /// Its 95 % bootstrap interval over groups; `None` for a single group.
    #[serde(skip)]
    pub ci95: Option<[f64; 2]>,
    /// Two-sided p value of the mean, from flipping the signs of groups.
    #[serde(skip)]
    pub p: Option<f64>,
    /// Number of neurons.
    #[serde(skip)]
    pub n: usize,
    /// What makes the groups, for example `site`; `None` if every neuron is one.
    pub clustered_by: Option<String>,
    /// Number of groups.
    pub n_clusters: usize,
    /// Median over neurons.
    pub median: Option<f64>,
    /// Two-sided p value of Wilcoxon's signed-rank test over neurons as if they were independent; `None` if all differences are 0.
    pub p_wilcoxon: Option<f64>,
    /// Two-sided p value of the sign-flip test over neurons as if they were independent.
    pub p_neurons: Option<f64>,
    /// The margin of `p_equivalent`.
    pub margin: f64,
    /// p value of the hypothesis that the difference is at least as large as the margin: a small one says that the models are equivalent.
    pub p_equivalent: Option<f64>,
    /// Number of groups like these that would show the mean difference that was found, with the power in the options.
    pub clusters_needed: Option<u64>,
    /// Number of neurons in so many groups.
    pub neurons_needed: Option<u64>,
    /// What must be known to read the numbers, if tests seem to contradict each other.
    pub explanation: Option<String>,
}

/// The neurons that two evaluations have a score of, and its differences, `first` minus `second`.
fn matched(score: ComparedScore, first: &Evaluation, second: &Evaluation) -> (Vec<String>, Vec<f64>) {
    let by_id: BTreeMap<&str, f64> =
        second.per_neuron.iter().filter_map(|n| Some((n.id.as_str(), score.of(n)?))).collect();
    let difference = |n: &NeuronScores| Some((n.id.clone(), score.of(n)? - by_id.get(n.id.as_str())?));
    first.per_neuron.iter().filter_map(difference).filter(|(_, d)| d.is_finite()).unzip()
}

/// Tests of paired differences of neurons with these ids.
#[must_use]
pub fn paired_tests(
    ids: &[String],
    differences: &[f64],
    clusters: &Clusters,
    options: &ComparisonOptions,
) -> PairedTests {
    let labels: Vec<&str> = ids.iter().map(|id| clusters.of(id)).collect();
    let resampling = Resampling::new(options.seed, N_DRAWS).unwrap_or_default();
    let Ok(sums) = ClusterSums::new(differences, &labels) else { return PairedTests::default() };
    let (n, n_clusters, mean) = (differences.len(), sums.n_clusters(), mean_of(differences));
    let needed = mean.and_then(|mean| sums.clusters_needed(mean, options.power).ok());
    let p = sums.sign_flip(&resampling).ok();
    let mut tests = PairedTests {
        mean,
        ci95: sums.interval(0.95, &resampling).ok().map(|i| [i.lower, i.upper]),
        p,
        n,
        clustered_by: clusters.by().map(str::to_owned),
        n_clusters,
        median: crate::moments::median_of(differences),
        p_wilcoxon: wilcoxon_signed_rank(differences).ok().map(|test| test.p),
        p_neurons: if n_clusters == n { p } else { sign_flip(differences, &resampling).ok() },
        margin: options.margin,
        p_equivalent: sums.equivalence(options.margin).ok(),
        clusters_needed: needed,
        neurons_needed: needed.map(|c| (c as f64 * n as f64 / n_clusters as f64).ceil() as u64),
        explanation: None,
    };
    tests.explanation = explanation::explanation(&tests, differences, clusters);
    tests
}

/// Number of draws of the interval and of the sign-flip test.
const N_DRAWS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(scores: &[(&str, Option<f64>)]) -> Evaluation {
        let neuron = |(id, ccnorm): &(&str, Option<f64>)| NeuronScores {
            id: (*id).to_owned(),
            cc: None,
            ccnorm: *ccnorm,
            fve: None,
            ccmax: None,
            signal_power: None,
            noise_power: None,
            signal_power_se: None,
            weak: false,
            enough: None,
            cc_ci95: None,
            ccnorm_ci95: None,
            fve_ci95: None,
            undefined: crate::Reasons::default(),
        };
        Evaluation {
            cc_mean: None,
            cc_median: None,
            ccnorm_mean: None,
            ccnorm_median: None,
            fve_mean: None,
            ccnorm_ci95: None,
            per_neuron: scores.iter().map(neuron).collect(),
            cc_ci95: None,
            fve_ci95: None,
            ccnorm_ci95_method: crate::Resampled::Nothing,
            n_defined: crate::DefinedCounts::default(),
            n_weak: 0,
            conditions: crate::Conditions::default(),
            options: crate::EvaluationOptions::default(),
        }
    }

    #[test]
    fn neurons_are_matched_by_id_and_only_where_both_have_a_score() {
        let first = evaluation(&[("a", Some(0.5)), ("b", Some(0.9)), ("c", None), ("d", Some(0.1))]);
        let second = evaluation(&[("b", Some(0.4)), ("a", Some(0.3)), ("c", Some(0.2)), ("e", Some(0.6))]);
        let comparison = compare(&first, &second);
        assert_eq!(comparison.n, 2);
        assert!((comparison.mean_difference.unwrap() - 0.35).abs() < 1e-15);
        assert_eq!((comparison.p_wilcoxon, comparison.p_sign_flip), (Some(0.5), Some(0.5)));
        let [low, high] = comparison.ci95.unwrap();
        assert!(low <= 0.35 && 0.35 <= high);
    }

    #[test]
    fn a_model_does_not_differ_from_itself() {
        let model = evaluation(&[("a", Some(0.5)), ("b", Some(0.9))]);
        let comparison = compare(&model, &model);
        assert_eq!((comparison.mean_difference, comparison.p_wilcoxon), (Some(0.0), None));
        assert_eq!((comparison.p_sign_flip, comparison.ci95), (Some(1.0), Some([0.0, 0.0])));
        let nothing = compare_by(ComparedScore::CcRaw, &model, &model, Seed::new(1));
        assert_eq!((nothing.n, nothing.mean_difference, nothing.p_sign_flip), (0, None, None));
    }

    #[test]
    fn many_models_are_compared_in_pairs_with_corrected_p() {
        let scores = |shift: f64| -> Vec<(String, Option<f64>)> {
            (0..12).map(|n| (format!("u{n}"), Some(0.5 + shift * (1.0 + f64::from(n % 4))))).collect()
        };
        let of = |shift: f64| {
            let scores = scores(shift);
            evaluation(&scores.iter().map(|(id, s)| (id.as_str(), *s)).collect::<Vec<_>>())
        };
        let (a, b, c) = (of(0.1), of(0.0), of(0.0));
        let clusters = Clusters::new("site", (0..12).map(|n| (format!("u{n}"), format!("P{}", n / 2))));
        let models = [("a", &a), ("b", &b), ("c", &c)];
        let pairs = compare_many(&models, &clusters, &ComparisonOptions::default());
        let names: Vec<(&str, &str)> = pairs.iter().map(|p| (p.a.as_str(), p.b.as_str())).collect();
        assert_eq!(names, [("a", "b"), ("a", "c"), ("b", "c")]);
        assert_eq!((pairs[0].n, pairs[0].tests.n_clusters), (12, 6));
        assert_eq!((pairs[0].p, pairs[0].p_corrected), (Some(2.0 / 64.0), Some(6.0 / 64.0)));
        assert_eq!((pairs[2].mean, pairs[2].p_corrected), (Some(0.0), Some(1.0)));
        assert_eq!((pairs[2].tests.p_wilcoxon, pairs[2].tests.clusters_needed), (None, None));
        let with = compare_with(("a", &a), &models[1..], &clusters, &ComparisonOptions::default());
        assert_eq!(with[1].p_corrected, Some(4.0 / 64.0));
        let json = serde_json::to_value(&pairs[0]).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["a", "b", "mean", "ci95", "p", "p_corrected", "n", "tests"]);
        assert_eq!(json["tests"]["clustered_by"], "site");
    }
}
