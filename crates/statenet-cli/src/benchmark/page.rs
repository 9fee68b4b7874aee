//! `benchmark.html`: what a benchmark found, as a page.

use statenet::report::{
    Bar, Bars, Curve, CurveAxis, Curves, Interval, Page, Point, PointSeries, Points, Scatter, ScatterPoint,
    Section, Size, Strip, Strips, Table,
};

use super::{
    fits::{Fit, ModelFits},
    scores::{Benchmark, Estimate, ModelScores, NeuronMeans},
    tables,
};
use crate::shared::comparison_notes;

/// Figures of pairs that are open at once; the others are shown on request.
const OPEN_PAIRS: usize = 4;
/// Curves in a figure.
const MOST_CURVES: usize = 6;

/// What the scores are.
const MEANING: &str = "A neuron's score is its mean over splits and seeds, a model's the mean over neurons, with its bootstrap interval \
    over the groups in which neurons were recorded. CCraw: correlation of rate and PSTH. CCnorm: correlation within sounds relative to its \
    noise ceiling. FVE: fraction of the PSTH's variance explained. CCnorm per clip: CC / CCmax of each sound, averaged, the form of the \
    StateNet paper's numbers. Place: among the models, the mean over recordings, splits and seeds and its range. Seconds: of a fit with its \
    scores. Mult./s: multiplications in a second of sound.";
/// What the comparisons are.
const COMPARED: &str = "A difference is first minus second over the neurons that have the score in both: the mean with its bootstrap \
    interval over groups of neurons, Wilcoxon's test over neurons as if they were independent, the sign-flip test over groups, and its p \
    corrected for the number of other models (Holm). The test sounds count as fixed.";

/// The page.
///
/// # Errors
/// None: tables have as many cells as columns.
pub(super) fn page(benchmark: &Benchmark, fits: &[ModelFits]) -> anyhow::Result<Page> {
    let names = |names: &mut dyn Iterator<Item = String>| names.collect::<Vec<_>>().join(", ");
    let mut page = Page::new("Benchmark")
        .subtitle("Models scored on held-out sounds, neuron by neuron")
        .fact(
            "Recordings",
            names(&mut benchmark.recordings.iter().map(|r| format!("{} ({} neurons)", r.name, r.neurons))),
        )
        .fact("Models", benchmark.models.len().to_string())
        .fact("Splits", benchmark.splits.join(", "))
        .fact("Seeds", names(&mut benchmark.seeds.iter().map(ToString::to_string)))
        .fact("Compared with", benchmark.against.clone());
    page = page.section(Section::new("How to read it").paragraph(MEANING).paragraph(COMPARED));
    let several = benchmark.recordings.len() > 1;
    if several {
        page = page.section(side_by_side(benchmark)?);
    }
    let each = benchmark.recordings.iter().map(|recording| Some(recording.name.as_str()));
    for recording in each.filter(|_| several).chain([None]) {
        page = page.section(scores(benchmark, recording)?);
        if let Some(section) = pairs(benchmark, recording)? {
            page = page.section(section);
        }
    }
    page = page.section(against_parameters(benchmark));
    page = super::true_memory::section(benchmark).into_iter().fold(page, Page::section);
    page = super::varied::sections(benchmark, fits).into_iter().fold(page, Page::section);
    page = page.section(learning(benchmark, fits));
    if !benchmark.failed.is_empty() {
        page = page.section(failures(benchmark)?);
    }
    Ok(page)
}

fn on(recording: Option<&str>) -> String {
    recording.map_or_else(String::new, |name| format!(" on {name}"))
}

/// The score by which models are compared: over all recordings, or on one.
pub(super) fn compared<'a>(
    benchmark: &Benchmark,
    model: &'a ModelScores,
    recording: Option<&str>,
) -> Option<&'a Estimate> {
    let on = model.on(recording)?;
    Some(if benchmark.compared == "cc" { &on.cc } else { &on.ccnorm })
}

pub(super) fn interval(ci: Option<[f64; 2]>) -> Option<Interval> {
    ci.map(|[low, high]| Interval::new(low, high))
}

/// The score of a neuron by which models are compared.
pub(super) fn of_neuron(benchmark: &Benchmark, neuron: &NeuronMeans) -> Option<f64> {
    if benchmark.compared == "cc" { neuron.cc } else { neuron.ccnorm }
}

fn scores(benchmark: &Benchmark, recording: Option<&str>) -> anyhow::Result<Section> {
    let title = tables::compared_score(benchmark);
    let several = benchmark.recordings.len() > 1;
    let heading = match recording {
        None if several => "Scores over all recordings".to_owned(),
        _ => format!("Scores{}", on(recording)),
    };
    let scored = || {
        benchmark
            .models
            .iter()
            .filter_map(|model| Some((model, compared(benchmark, model, recording)?)))
            .filter(|(_, score)| score.mean.is_some())
    };
    let bars = scored().map(|(model, score)| Bar::new(model.name.clone(), score.mean, interval(score.ci95)));
    let strips = scored().map(|(model, _)| {
        let here = model.per_neuron.iter().filter(|n| recording.is_none_or(|name| n.recording == name));
        Strip::new(model.name.clone(), here.map(|neuron| of_neuron(benchmark, neuron)))
    });
    let stability = match recording.and_then(|name| benchmark.recordings.iter().find(|r| r.name == name)) {
        Some(recording) => tables::stability(&recording.rank_stability, "splits and seeds"),
        None => tables::stability(&benchmark.rank_stability, "recordings, splits and seeds"),
    };
    let mut section = Section::new(heading).paragraph(stability).table(tables::models(benchmark, recording)?);
    // Those of each recording stand side by side, above.
    if recording.is_none() {
        let caption = format!("Mean {title} over neurons with its 95 % interval.");
        section = section.figure(Bars::new("", title, bars).render(), caption);
    }
    let strips = Strips::new("", title, strips).render();
    Ok(section.details(
        Section::new("Every neuron")
            .figure(strips, format!("{title} of every neuron, its mean over splits and seeds.")),
    ))
}

/// The model that the others are compared with against each of them, neuron by neuron; `None` if none is compared.
fn pairs(benchmark: &Benchmark, recording: Option<&str>) -> anyhow::Result<Option<Section>> {
    let title = tables::compared_score(benchmark);
    let found: Vec<_> = tables::pairs(benchmark, recording).collect();
    let (Some(table), Some(reference)) = (
        tables::comparisons(benchmark, recording)?,
        benchmark.models.iter().find(|model| model.name == benchmark.against),
    ) else {
        return Ok(None);
    };
    let mut section = Section::new(format!("{} against the others{}", benchmark.against, on(recording)));
    section = comparison_notes(&found).into_iter().fold(section, Section::paragraph);
    section = section.table(table);
    let mut more = Section::new("The other models, neuron by neuron");
    for (at, pair) in found.iter().enumerate() {
        let Some(other) = benchmark.models.iter().find(|model| model.name == pair.b) else { continue };
        let here = reference.per_neuron.iter().filter(|n| recording.is_none_or(|name| n.recording == name));
        let points = here.map(|neuron| {
            let same = |n: &&NeuronMeans| (&n.recording, &n.id) == (&neuron.recording, &neuron.id);
            let of_other = other.per_neuron.iter().find(same).and_then(|n| of_neuron(benchmark, n));
            ScatterPoint::new(neuron.id.clone(), of_other, of_neuron(benchmark, neuron))
        });
        let label = |name: &str| format!("{title} of {name}");
        let figure = Scatter::new("", label(&pair.b), label(&pair.a), points).render();
        let caption = match (pair.mean, pair.ci95, pair.p_corrected) {
            (Some(mean), Some([low, high]), Some(p)) => format!(
                "{} minus {}: {mean:+.3} [{low:+.3}, {high:+.3}] over {} neurons, corrected p = {p:.1e}.",
                pair.a, pair.b, pair.n
            ),
            _ => format!("{} against {}, neuron by neuron.", pair.a, pair.b),
        };
        if at < OPEN_PAIRS {
            section = section.figure(figure, caption);
        } else {
            more = more.figure(figure, caption);
        }
    }
    Ok(Some(if more.blocks.is_empty() { section } else { section.details(more) }))
}

/// Each model on each recording.
fn side_by_side(benchmark: &Benchmark) -> anyhow::Result<Section> {
    let title = tables::compared_score(benchmark);
    let recordings = || benchmark.recordings.iter().map(|recording| recording.name.as_str());
    let mut scores = Table::new(["Model".to_owned()].into_iter().chain(recordings().map(str::to_owned)));
    let mut differences = Table::new(["Minus".to_owned()].into_iter().chain(recordings().map(str::to_owned)));
    for model in &benchmark.models {
        let score =
            |name| compared(benchmark, model, Some(name)).map_or_else(Estimate::default, Clone::clone);
        let cells = recordings().map(|name| tables::estimate(&score(name)));
        scores.push([model.name.clone().into()].into_iter().chain(cells))?;
        if model.name == benchmark.against {
            continue;
        }
        let difference = |name: &str| {
            let found = benchmark
                .comparisons
                .iter()
                .find(|c| c.b == model.name && c.recording.as_deref() == Some(name));
            statenet::report::Cell::estimate(
                found.and_then(|c| c.mean),
                found.and_then(|c| interval(c.ci95)),
                3,
            )
        };
        differences.push([model.name.clone().into()].into_iter().chain(recordings().map(difference)))?;
    }
    let series = |name: &str| -> Vec<Bar> {
        let bar = |model: &ModelScores| {
            let score = compared(benchmark, model, Some(name))?;
            Some(Bar::new(model.name.clone(), score.mean?, interval(score.ci95)))
        };
        benchmark.models.iter().filter_map(bar).collect()
    };
    let mut section = Section::new("Recordings side by side")
        .paragraph(format!(
            "{title} of each model on each recording, the mean over neurons with its 95 % interval."
        ))
        .table(scores);
    if benchmark.comparisons.iter().any(|c| c.recording.is_some()) {
        section = section
            .paragraph(format!(
                "{} minus each other model, the mean over the neurons that both have.",
                benchmark.against
            ))
            .table(differences);
    }
    for name in recordings() {
        section =
            section.figure(Bars::new(name, title, series(name)).render(), format!("Mean {title} on {name}."));
    }
    Ok(section)
}

fn against_parameters(benchmark: &Benchmark) -> Section {
    let title = tables::compared_score(benchmark);
    let of = |name: &str| {
        let point = |model: &ModelScores| {
            let on = model.on(Some(name))?;
            let score = compared(benchmark, model, Some(name))?;
            let point = Point::new(model.name.clone(), on.parameters? as f64, score.mean?);
            Some(Point { interval: interval(score.ci95), ..point })
        };
        benchmark.models.iter().filter_map(point).collect::<Vec<_>>()
    };
    let mut section = Section::new("Score against parameters").paragraph(
        "Trained parameters of a model of the whole population. Of ridge regression they are its weights, which its penalty keeps small.",
    );
    for recording in &benchmark.recordings {
        let points = of(&recording.name);
        let figure = Points::new("", "Parameters", title, [PointSeries::new(recording.name.clone(), points)]);
        section = section.figure(
            figure.render(),
            format!(
                "Mean {title} on {} with its 95 % interval against the number of parameters.",
                recording.name
            ),
        );
    }
    section
}

/// Validation scores by epoch: of the best models together, and of every fit of a model.
fn learning(benchmark: &Benchmark, fits: &[ModelFits]) -> Section {
    let mut section = Section::new("Learning curves").paragraph(
        "The validation score after each epoch, which decides which weights are kept and when a fit ends. Ridge regression has none.",
    );
    let learned = |fit: &&Fit| fit.val_score.len() > 1;
    let values = |fit: &Fit| fit.val_score.iter().map(|v| v.unwrap_or(f64::NAN)).collect::<Vec<f64>>();
    for recording in &benchmark.recordings {
        let first = |model: &ModelFits| {
            if model.is_partial {
                return None;
            }
            let fit = model.fits.iter().filter(|fit| fit.recording == recording.name).find(learned)?;
            Some(Curve::new(model.name.clone(), values(fit)))
        };
        let curves: Vec<Curve> = fits.iter().filter_map(first).collect();
        for (at, some) in curves.chunks(MOST_CURVES).enumerate() {
            let mut figure =
                Curves::new("", "Validation CCnorm", CurveAxis::Epochs { first: 1 }, some.iter().cloned());
            figure.size = Size::new(560.0, 220.0);
            let caption = format!(
                "Models {} to {} by score on {}, each with its first split and seed.",
                at * MOST_CURVES + 1,
                at * MOST_CURVES + some.len(),
                recording.name
            );
            section = section.figure(figure.render(), caption);
        }
    }
    let mut every = Section::new("Every model's splits and seeds");
    for model in fits {
        for recording in &benchmark.recordings {
            let of_model = model.fits.iter().filter(|fit| fit.recording == recording.name).filter(learned);
            let curves: Vec<Curve> = of_model
                .take(MOST_CURVES)
                .map(|fit| Curve::new(format!("{}, seed {}", fit.split, fit.seed), values(fit)))
                .collect();
            if !curves.is_empty() {
                let figure = Curves::new("", "Validation CCnorm", CurveAxis::Epochs { first: 1 }, curves);
                every = every.figure(figure.render(), format!("{} on {}.", model.name, recording.name));
            }
        }
    }
    if every.blocks.is_empty() { section } else { section.details(every) }
}

fn failures(benchmark: &Benchmark) -> anyhow::Result<Section> {
    let mut table = Table::new(["Model", "Recording", "Fits", "Why"]);
    for failure in &benchmark.failed {
        table.push([
            failure.model.clone().into(),
            failure.recording.clone().into(),
            failure.jobs.len().into(),
            failure.why.clone().into(),
        ])?;
    }
    Ok(Section::new("What could not be fitted").table(table))
}
