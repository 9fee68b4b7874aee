//! The tables of `score`: printed, and on its page.

use statenet::{
    metrics::{FurtherScores, NeuronScores, ScoreTable},
    report::{Cell, Interval, Table},
};

use super::{model::Scored, names::ALL, results::Population};

/// Decimals of a score: three, of bits per second one.
pub(super) fn decimals(field: &str) -> usize {
    if field == "coherence_bits_per_s" { 1 } else { 3 }
}

/// One row per neuron, then mean and number of neurons.
pub(super) fn printed_neurons(model: &Scored) -> ScoreTable {
    let titles: Vec<&str> = ALL.iter().map(|score| score.title).collect();
    let number = |field: &str, value: Option<f64>| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.*}", decimals(field)))
    };
    let mut table = ScoreTable::new("neuron", &titles);
    for (neuron, scores) in model.test.per_neuron.iter().zip(&model.further) {
        table.push(&neuron.id, ALL.iter().map(|score| number(score.field, (score.of)(scores).ok())));
    }
    let population: Vec<Population> = ALL.iter().map(|score| Population::of(score, model)).collect();
    table.push("mean", ALL.iter().zip(&population).map(|(score, p)| number(score.field, p.mean)));
    table.push("median", ALL.iter().zip(&population).map(|(score, p)| number(score.field, p.median)));
    table.push("neurons", population.iter().map(|p| p.n.to_string()));
    table
}

/// One row per model.
///
/// # Errors
/// None: rows have as many cells as there are columns.
pub(super) fn models(models: &[Scored]) -> anyhow::Result<Table> {
    let titles = ["Model", "CCraw", "CCnorm [95 %]", "FVE"].into_iter().chain(ALL.iter().map(|s| s.title));
    let mut table = Table::new(titles.chain(["Neurons"]));
    for model in models {
        let test = &model.test;
        let mut cells: Vec<Cell> = vec![
            model.name.as_str().into(),
            Cell::number(test.cc_mean, 3),
            Cell::estimate(test.ccnorm_mean, interval(test.ccnorm_ci95), 3),
            Cell::number(test.fve_mean, 3),
        ];
        cells.extend(ALL.iter().map(|s| Cell::number(Population::of(s, model).mean, decimals(s.field))));
        cells.push(format!("{}/{}", test.n_ccnorm(), test.per_neuron.len()).into());
        table.push(cells)?;
    }
    Ok(table)
}

/// One row per neuron with all scores, intervals and ceilings.
///
/// # Errors
/// None: rows have as many cells as there are columns.
pub(super) fn neurons(model: &Scored) -> anyhow::Result<Table> {
    let titles = ["Neuron", "CCraw", "CCnorm", "FVE", "CCmax"].into_iter().chain(ALL.iter().map(|s| s.title));
    let mut table = Table::new(titles.chain(["vR of repeats", "VP of repeats", "Undefined"]));
    for (neuron, scores) in model.test.per_neuron.iter().zip(&model.further) {
        let mut cells: Vec<Cell> = vec![neuron.id.as_str().into()];
        cells.extend([neuron.cc, neuron.ccnorm, neuron.fve, neuron.ccmax].map(|x| Cell::number(x, 3)));
        for score in &ALL {
            let value = (score.of)(scores).ok();
            let interval = (score.interval)(&scores.intervals).map(|i| Interval::new(i.lower, i.upper));
            cells.push(Cell::estimate(value, interval, decimals(score.field)));
        }
        cells.push(Cell::number(scores.van_rossum_ceiling.ok(), 3));
        cells.push(Cell::number(scores.victor_purpura_ceiling.ok(), 3));
        cells.push(reasons(neuron, scores).into());
        table.push(cells)?;
    }
    Ok(table)
}

/// Each reason once, with the scores that it is of.
fn reasons(neuron: &NeuronScores, scores: &FurtherScores) -> String {
    let mut all: Vec<(String, Vec<&str>)> = Vec::new();
    let mut add = |name: &'static str, reason: String| match all.iter_mut().find(|(r, _)| *r == reason) {
        Some((_, names)) => names.push(name),
        None => all.push((reason, vec![name])),
    };
    if let Some(reason) = neuron.undefined.ccnorm {
        add("CCnorm", reason.to_string());
    }
    for score in &ALL {
        if let Err(reason) = (score.of)(scores) {
            add(score.title, reason.to_string());
        }
    }
    let sentences = all.into_iter().map(|(reason, names)| format!("{}: {reason}", names.join(", ")));
    sentences.collect::<Vec<_>>().join("; ")
}

pub(super) fn interval(ci: Option<[f64; 2]>) -> Option<Interval> {
    ci.map(|[low, high]| Interval::new(low, high))
}
