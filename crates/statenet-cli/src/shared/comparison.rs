//! Models compared neuron by neuron, over the groups in which the neurons were recorded.

use statenet::{
    metrics::{Clusters, PairComparison},
    prelude::*,
    report::{Cell, Interval, Table},
};

/// The groups in which a recording's neurons were recorded; each neuron for itself if the recording states none.
pub(crate) fn clusters(recording: &Recording) -> Clusters {
    recording.neuron_clusters().map_or_else(Clusters::none, |clusters| {
        Clusters::new(
            clusters.field(),
            recording.neuron_ids().into_iter().zip(clusters.labels().iter().cloned()),
        )
    })
}

/// A row for each comparison; `None` if there is none. `score` is what is compared, for example `CCnorm`.
///
/// # Errors
/// None: rows have as many cells as there are columns.
pub(crate) fn comparison_table(score: &str, pairs: &[PairComparison]) -> anyhow::Result<Option<Table>> {
    let Some(first) = pairs.first() else { return Ok(None) };
    let is_clustered = first.tests.clustered_by.is_some();
    let mut columns: Vec<String> = [
        &*format!("Difference in {score}"),
        "Mean [95 %]",
        "Wilcoxon p",
        "Sign-flip p",
        "Corrected p",
        "Neurons",
    ]
    .map(str::to_owned)
    .into();
    columns.extend(is_clustered.then(|| "Groups".to_owned()));
    let mut table = Table::new(columns);
    let p =
        |p: Option<f64>| -> Cell { p.map_or_else(|| "\u{2014}".to_owned(), |p| format!("{p:.1e}")).into() };
    for pair in pairs {
        let interval = pair.ci95.map(|[low, high]| Interval::new(low, high));
        let mut row: Vec<Cell> = vec![
            format!("{} minus {}", pair.a, pair.b).into(),
            Cell::estimate(pair.mean, interval, 3),
            p(pair.tests.p_wilcoxon),
            p(pair.p),
            p(pair.p_corrected),
            pair.n.into(),
        ];
        row.extend(is_clustered.then(|| pair.tests.n_clusters.into()));
        table.push(row)?;
    }
    Ok(Some(table))
}

/// What must be known to read the comparisons: what the groups are, and tests that seem to contradict each other.
pub(crate) fn comparison_notes(pairs: &[PairComparison]) -> Vec<String> {
    let groups = pairs.first().and_then(|pair| pair.tests.clustered_by.as_deref()).map(|by| {
        format!(
            "Neurons of one {by} are not independent: the interval and the sign-flip test are over groups by {by}; Wilcoxon's test counts \
             neurons as independent."
        )
    });
    // What is said of several comparisons is said once.
    let mut explained: Vec<(&str, Vec<String>)> = Vec::new();
    for pair in pairs {
        let Some(explanation) = pair.tests.explanation.as_deref() else { continue };
        let name = format!("{} minus {}", pair.a, pair.b);
        match explained.iter_mut().find(|(other, _)| *other == explanation) {
            Some((_, names)) => names.push(name),
            None => explained.push((explanation, vec![name])),
        }
    }
    let note = |(explanation, names): (&str, Vec<String>)| format!("{}: {explanation}", names.join(", "));
    groups.into_iter().chain(explained.into_iter().map(note)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(clustered: bool) -> PairComparison {
        let tests = if clustered {
            serde_json::json!({"clustered_by": "site", "n_clusters": 4, "p_wilcoxon": 1e-9,
                "explanation": "4 groups by site cannot give a p below 0.12: they are too few for a test."})
        } else {
            serde_json::json!({"n_clusters": 40})
        };
        serde_json::from_value(
            serde_json::json!({"a": "gru", "b": "ln", "mean": 0.05, "ci95": [0.04, 0.06], "p": 0.125,
            "p_corrected": 0.25, "n": 40, "tests": tests}),
        )
        .unwrap()
    }

    #[test]
    fn groups_are_shown_where_there_are_any() {
        let table = comparison_table("CCnorm", &[pair(true)]).unwrap().unwrap().to_text();
        assert!(table.contains("Groups") && table.contains("gru minus ln"), "{table}");
        assert!(!comparison_table("CCnorm", &[pair(false)]).unwrap().unwrap().to_text().contains("Groups"));
        assert!(comparison_table("CCnorm", &[]).unwrap().is_none());
        let notes = comparison_notes(&[pair(true)]);
        assert!(notes[0].contains("over groups by site") && notes[1].starts_with("gru minus ln: 4 groups"));
        assert!(comparison_notes(&[pair(false)]).is_empty());
        let other = PairComparison { b: "ridge".to_owned(), ..pair(true) };
        let notes = comparison_notes(&[pair(true), other]);
        assert!(
            notes.len() == 2 && notes[1].starts_with("gru minus ln, gru minus ridge: 4 groups"),
            "{notes:?}"
        );
    }
}
