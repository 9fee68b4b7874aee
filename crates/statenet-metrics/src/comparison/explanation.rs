//! A sentence for tests that seem to contradict each other, so that it stands where the numbers stand.

use super::PairedTests;
use crate::clusters::Clusters;

/// The usual level.
const LEVEL: f64 = 0.05;

/// What must be known to read the numbers; `None` if they agree.
pub(super) fn explanation(tests: &PairedTests, differences: &[f64], clusters: &Clusters) -> Option<String> {
    let significant = |p: Option<f64>| p.map(|p| p < LEVEL);
    let by = clusters.by().unwrap_or("neuron");
    let mut sentences = Vec::new();
    match (significant(tests.p), significant(tests.p_wilcoxon)) {
        (Some(false), Some(true)) => sentences.push(ranks_only(differences)),
        (Some(true), Some(false)) => sentences.push(
            "The mean differs and the ranks do not: a few neurons with large differences carry the mean."
                .to_owned(),
        ),
        _ => {}
    }
    let (units, of) = match clusters.by() {
        Some(_) => (tests.n_clusters, format!("groups by {by}")),
        None => (tests.n, "neurons".to_owned()),
    };
    let fewest = 0.5_f64.powi(i32::try_from(units).unwrap_or(i32::MAX) - 1);
    if tests.p.is_some() && fewest > LEVEL {
        sentences
            .push(format!("{units} {of} cannot give a p below {fewest:.2}: they are too few for a test."));
    } else if clusters.by().is_some()
        && significant(tests.p) == Some(false)
        && significant(tests.p_neurons) == Some(true)
    {
        sentences.push(format!(
            "With neurons counted as independent the sign-flip p would be {:.1e}: neurons of one {by} differ alike, so that {} neurons \
             are worth about {} groups.",
            tests.p_neurons.unwrap_or(1.0),
            tests.n,
            tests.n_clusters
        ));
    }
    let excludes = tests.ci95.map(|[low, high]| low > 0.0 || high < 0.0);
    if let (Some(excludes), Some(significant), true) = (excludes, significant(tests.p), sentences.is_empty())
        && excludes != significant
    {
        sentences.push(
            "Interval and p lie on different sides of the usual level: they are both near it, and from different approximations."
                .to_owned(),
        );
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// The ranks differ and the mean does not.
fn ranks_only(differences: &[f64]) -> String {
    let above = differences.iter().filter(|d| **d > 0.0).count();
    let below = differences.iter().filter(|d| **d < 0.0).count();
    let median = crate::moments::median_of(differences).unwrap_or(0.0);
    let (more, fewer, higher) =
        if median >= 0.0 { (above, below, "higher") } else { (below, above, "lower") };
    let others = differences.iter().filter(|d| (**d > 0.0) != (median >= 0.0));
    let largest = others.fold(0.0, |most: f64, d| most.max(d.abs()));
    format!(
        "Wilcoxon's test is of ranks and the sign-flip test of the mean: {more} neurons are {higher} in the first and {fewer} not, by a \
         median of {median:+.3}, but differences the other way reach {largest:.3} and outweigh them in the mean."
    )
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::super::{ComparisonOptions, paired_tests};
    use super::*;

    #[test]
    fn the_case_that_was_seen_is_explained() {
        // 300 neurons .01 better, ten neurons .25 worse, as of weak signals.
        let mut stream = Seed::new(1).stream("seen");
        let mut d: Vec<f64> = (0..300).map(|_| 0.01 + 0.002 * stream.normal()).collect();
        d.extend((0..10).map(|_| -0.28 + 0.02 * stream.normal()));
        let ids: Vec<String> = (0..d.len()).map(|n| n.to_string()).collect();
        let tests = paired_tests(&ids, &d, &Clusters::none(), &ComparisonOptions::default());
        assert!(tests.p.unwrap() > 0.05 && tests.p_wilcoxon.unwrap() < 1e-20);
        let sentence = tests.explanation.unwrap();
        assert!(
            sentence.contains("300 neurons are higher in the first and 10 not, by a median of +0.010"),
            "{sentence}"
        );
    }

    #[test]
    fn few_groups_and_alike_neurons_are_explained_and_agreement_is_not() {
        let ids: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let in_groups = |n: usize| {
            Clusters::new("site", ids.iter().enumerate().map(|(i, id)| (id.clone(), (i % n).to_string())))
        };
        let better: Vec<f64> = (0..40).map(|i| 0.05 + 0.001 * f64::from(i % 7)).collect();
        let few = paired_tests(&ids, &better, &in_groups(4), &ComparisonOptions::default());
        assert!(few.explanation.unwrap().contains("4 groups by site cannot give a p below 0.12"));
        let three = paired_tests(&ids[..3], &better[..3], &Clusters::none(), &ComparisonOptions::default());
        assert!(three.explanation.unwrap().contains("3 neurons cannot give a p below 0.25"));
        let many = paired_tests(&ids, &better, &in_groups(10), &ComparisonOptions::default());
        assert_eq!(many.explanation, None);
        let mut common = Seed::new(5).stream("common");
        let of_group: Vec<f64> =
            (0..8).map(|g| if g < 6 { 0.1 } else { -0.06 } + 0.02 * common.normal()).collect();
        let alike: Vec<f64> = (0..40).map(|i| of_group[i % 8] + 0.01 * common.normal()).collect();
        let tests = paired_tests(&ids, &alike, &in_groups(8), &ComparisonOptions::default());
        assert!(tests.p.unwrap() > 0.05 && tests.p_neurons.unwrap() < 0.05, "{tests:?}");
        assert!(tests.explanation.unwrap().contains("neurons of one site differ alike"));
    }
}
