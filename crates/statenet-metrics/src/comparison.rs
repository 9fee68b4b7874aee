//! Paired comparison of two models on the same neurons.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statenet_core::Seed;

use crate::{
    evaluation::{Evaluation, NeuronScores},
    moments::mean_of,
    resampling::{IntervalMethod, Resampling, bootstrap_mean, sign_flip, wilcoxon_signed_rank},
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
    /// Its 95 % BCa bootstrap interval over neurons; `None` for a single neuron.
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
/// noise, p values are somewhat too small. Variation between fits with different seeds is not covered.
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
    let by_id: BTreeMap<&str, f64> =
        second.per_neuron.iter().filter_map(|n| Some((n.id.as_str(), score.of(n)?))).collect();
    let differences: Vec<f64> = first
        .per_neuron
        .iter()
        .filter_map(|n| Some(score.of(n)? - by_id.get(n.id.as_str())?))
        .filter(|d| d.is_finite())
        .collect();
    let resampling = Resampling::new(seed, N_DRAWS).unwrap_or_default();
    let interval = bootstrap_mean(&differences, IntervalMethod::Bca, 0.95, &resampling).ok();
    Comparison {
        mean_difference: mean_of(&differences),
        ci95: interval.map(|i| [i.lower, i.upper]),
        p_wilcoxon: wilcoxon_signed_rank(&differences).ok().map(|test| test.p),
        p_sign_flip: sign_flip(&differences, &resampling).ok(),
        n: differences.len(),
    }
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
}
