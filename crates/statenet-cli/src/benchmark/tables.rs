//! The tables of a benchmark.

use statenet::report::{Cell, Interval, Table};

use super::scores::{Benchmark, Estimate, Rank, RankStability};
use crate::shared::comparison_table;

/// How the score that models are compared by is called.
pub(super) fn compared_score(benchmark: &Benchmark) -> &'static str {
    if benchmark.compared == "cc" { "CCraw" } else { "CCnorm" }
}

pub(super) fn estimate(estimate: &Estimate) -> Cell {
    Cell::estimate(estimate.mean, estimate.ci95.map(|[low, high]| Interval::new(low, high)), 3)
}

/// A row for each model: over all neurons or, with the name of a recording, on those of it.
///
/// # Errors
/// None: every row has a cell for each column.
pub(super) fn models(benchmark: &Benchmark, recording: Option<&str>) -> anyhow::Result<Table> {
    let mut table = Table::new([
        "Model",
        "Parameters",
        "CCnorm [95 %]",
        "CCraw [95 %]",
        "FVE [95 %]",
        "CCnorm per clip",
        "Place",
        "Neurons",
        "Fits",
        "Seconds",
        "Mult./s",
    ]);
    let parameters = |n: Option<u64>| Cell::number(n.map(|n| n as f64), 0);
    let multiplications = |n: Option<f64>| n.map_or_else(|| "\u{2014}".to_owned(), |n| format!("{n:.1e}"));
    let fits = |done: usize, failed: usize| {
        if failed == 0 { done.to_string() } else { format!("{done}, {failed} failed") }
    };
    for model in &benchmark.models {
        let Some(on) = model.on(recording) else { continue };
        let row: [Cell; 11] = [
            model.name.clone().into(),
            parameters(on.parameters),
            estimate(&on.ccnorm),
            estimate(&on.cc),
            estimate(&on.fve),
            Cell::number(on.ccnorm_per_clip.mean, 3),
            places(&on.rank).into(),
            on.ccnorm.n.into(),
            fits(on.fits, on.failed).into(),
            Cell::number(on.seconds, 1),
            multiplications(on.multiplications_per_second).into(),
        ];
        table.push(row)?;
    }
    Ok(table)
}

/// A row for each comparison: over all neurons or, with the name of a recording, on those of it; `None` if there is none.
///
/// # Errors
/// None: every row has a cell for each column.
pub(super) fn comparisons(benchmark: &Benchmark, recording: Option<&str>) -> anyhow::Result<Option<Table>> {
    let pairs: Vec<_> = pairs(benchmark, recording).collect();
    comparison_table(compared_score(benchmark), &pairs)
}

/// The comparisons over all recordings, or on one.
pub(super) fn pairs<'a>(
    benchmark: &'a Benchmark,
    recording: Option<&'a str>,
) -> impl Iterator<Item = statenet::metrics::PairComparison> + use<'a> {
    benchmark
        .comparisons
        .iter()
        .filter(move |compared| compared.recording.as_deref() == recording)
        .map(super::scores::Compared::pair)
}

fn places(rank: &Rank) -> String {
    match (rank.mean, rank.best, rank.worst) {
        (Some(mean), Some(best), Some(worst)) if best < worst => format!("{mean:.1} ({best} to {worst})"),
        (Some(mean), ..) => format!("{mean:.1}"),
        _ => "\u{2014}".to_owned(),
    }
}

/// How stable the order of the models is, in a sentence: over all, or on a recording.
pub(super) fn stability(stability: &RankStability, over: &str) -> String {
    let orders = format!("{} orders of {} models over {over}", stability.orders, stability.models);
    match stability.kendall_w {
        Some(w) => format!("{orders} agree with Kendall's W = {w:.2}; 1 is the same order each time."),
        None => format!("{orders}: fewer than two do not tell how stable the order is."),
    }
}
