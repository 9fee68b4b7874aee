//! Many models on the same neurons: every pair, with corrected p values.

use serde::{Deserialize, Serialize};

use super::{ComparisonOptions, PairedTests, matched, paired_tests};
use crate::{
    clusters::Clusters,
    evaluation::Evaluation,
    resampling::{benjamini_hochberg, holm},
};

/// How p values are corrected for the number of comparisons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// [`holm`]: the probability of any false difference is at most the level.
    #[default]
    Holm,
    /// [`benjamini_hochberg`]: the share of false ones among the differences found is at most the level.
    BenjaminiHochberg,
    /// None.
    None,
}

/// One model against another, `a` minus `b`. Undefined numbers are null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairComparison {
    /// Name of the first model.
    pub a: String,
    /// Name of the second.
    pub b: String,
    /// Mean of the score of `a` minus that of `b` over the neurons that both have.
    pub mean: Option<f64>,
    /// Its 95 % bootstrap interval over groups of neurons.
    pub ci95: Option<[f64; 2]>,
    /// Two-sided p value of the mean, from flipping the signs of groups.
    pub p: Option<f64>,
    /// The same, corrected for the number of comparisons.
    pub p_corrected: Option<f64>,
    /// Number of neurons.
    pub n: usize,
    /// Further tests, and what makes the groups.
    #[serde(default)]
    pub tests: PairedTests,
}

/// Compares every pair of models, in the order in which they are given, neuron by neuron.
///
/// `clusters` says which neurons were recorded together: groups, not neurons, are the units of tests and intervals. Test stimuli are
/// fixed: the comparisons are for other neurons with the same sounds.
///
/// ```
/// use statenet_metrics::{Clusters, ComparisonOptions, Evaluation, compare_many};
/// # fn show(ln: &Evaluation, gru: &Evaluation, clusters: &Clusters) {
/// for pair in compare_many(&[("gru", gru), ("ln", ln)], clusters, &ComparisonOptions::default()) {
///     println!("{} minus {}: {:?} {:?} p {:?}", pair.a, pair.b, pair.mean, pair.ci95, pair.p_corrected);
///     if let Some(sentence) = &pair.tests.explanation {
///         println!("{sentence}");
///     }
/// }
/// # }
/// ```
#[must_use]
pub fn compare_many(
    models: &[(&str, &Evaluation)],
    clusters: &Clusters,
    options: &ComparisonOptions,
) -> Vec<PairComparison> {
    let pairs = models.iter().enumerate().flat_map(|(i, a)| models[i + 1..].iter().map(move |b| (*a, *b)));
    let mut comparisons: Vec<PairComparison> = pairs
        .map(|((a, first), (b, second))| {
            let (ids, differences) = matched(options.score, first, second);
            let tests = paired_tests(&ids, &differences, clusters, options);
            PairComparison {
                a: a.to_owned(),
                b: b.to_owned(),
                mean: tests.mean,
                ci95: tests.ci95,
                p: tests.p,
                p_corrected: tests.p,
                n: tests.n,
                tests,
            }
        })
        .collect();
    correct(&mut comparisons, options.correction);
    comparisons
}

/// Compares one model with each other model, as [`compare_many`] does all pairs; p values are corrected for these comparisons only.
#[must_use]
pub fn compare_with(
    first: (&str, &Evaluation),
    others: &[(&str, &Evaluation)],
    clusters: &Clusters,
    options: &ComparisonOptions,
) -> Vec<PairComparison> {
    let single = ComparisonOptions { correction: Correction::None, ..options.clone() };
    let mut comparisons: Vec<PairComparison> =
        others.iter().flat_map(|&other| compare_many(&[first, other], clusters, &single)).collect();
    correct(&mut comparisons, options.correction);
    comparisons
}

fn correct(comparisons: &mut [PairComparison], correction: Correction) {
    let p: Vec<f64> = comparisons.iter().filter_map(|c| c.p).collect();
    let corrected = match correction {
        Correction::Holm => holm(&p),
        Correction::BenjaminiHochberg => benjamini_hochberg(&p),
        Correction::None => p,
    };
    for (comparison, p) in comparisons.iter_mut().filter(|c| c.p.is_some()).zip(corrected) {
        comparison.p_corrected = Some(p);
    }
}
