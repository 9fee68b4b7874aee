//! The page of `score`.

use statenet::{
    metrics::PairComparison,
    prelude::*,
    report::{Bar, Bars, Page, Scatter, ScatterPoint, Section, Strip, Strips},
};

use super::{
    model::Scored,
    names::{ALL, Named},
    results::{compared_by, compared_title},
    tables,
};
use crate::shared::{Warnings, comparison_notes, comparison_table};

/// Most pairs of models that are drawn neuron by neuron.
const MOST_PAIRS: usize = 6;

/// What the page shows.
pub(super) struct Scene<'a> {
    pub(super) recording: &'a Recording,
    pub(super) split: &'a Split,
    pub(super) models: &'a [Scored],
    pub(super) differences: &'a [PairComparison],
    pub(super) warnings: &'a Warnings,
}

/// The page: scores, differences, each further score, each neuron.
///
/// # Errors
/// None: tables have as many cells as columns.
pub(super) fn page(scene: &Scene<'_>) -> anyhow::Result<Page> {
    let recording = scene.recording;
    let n_neurons = scene.models.first().map_or(recording.n_neurons(), |model| model.test.per_neuron.len());
    let mut page = Page::new(format!("Scores on {}", recording.name()))
        .subtitle("Predictions on held-out sounds")
        .fact("Models", scene.models.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", "))
        .fact("Neurons", n_neurons.to_string())
        .fact("Test stimuli", scene.split.test().len().to_string())
        .fact("Time bin", format!("{} ms", recording.dt().ms()))
        .fact("Responses", recording.response_unit().as_str());
    if let Some(smoothing) = scene.models.first().and_then(|model| model.test.conditions.smoothing.clone()) {
        page = page.fact("Smoothing", smoothing);
    }
    if !scene.warnings.as_slice().is_empty() {
        let lines = scene.warnings.as_slice().iter().map(|w| (w.code.clone(), w.to_string()));
        page = page.section(Section::new("Doubts").facts(lines));
    }
    page = page.section(scores(scene)?);
    if !scene.differences.is_empty() {
        page = page.section(differences(scene)?);
    }
    page = page.section(further(scene));
    for model in scene.models {
        let heading = format!("Neurons: {}", model.name);
        page = page.section(Section::new(heading).table(tables::neurons(model)?));
    }
    Ok(page)
}

fn scores(scene: &Scene<'_>) -> anyhow::Result<Section> {
    let bars = scene.models.iter().map(|model| {
        Bar::new(model.name.clone(), model.test.ccnorm_mean, tables::interval(model.test.ccnorm_ci95))
    });
    let strips = scene
        .models
        .iter()
        .map(|model| Strip::new(model.name.clone(), model.test.per_neuron.iter().map(|n| n.ccnorm)));
    let mut section = Section::new("Scores")
        .paragraph(
            "Means over the neurons that have the score. CCraw: correlation of rate and PSTH. CCnorm: correlation within stimuli relative \
             to its noise ceiling, with a bootstrap interval over neurons and half-second blocks. FVE: fraction of the PSTH's variance \
             explained. r2_ER: fraction of the signal's variance explained at the best scale, without the bias of noise. ESP: explained \
             signal power. CC/TTRC: correlation with single repeats over the root of that between repeats.",
        )
        .paragraph(
            "bits/s: information rate of the coherence with a single response. D2: Poisson deviance explained; bits/spike: information about \
             the spikes. Fano: variance over mean of counts in 100 ms, of the responses alone. vR and VP: distances of rate and spike trains \
             (van Rossum, squared; Victor and Purpura) per spike, less is better; the true rate of a Poisson neuron has those between \
             repeats. D2, bits/spike, Fano, vR and VP take the counts as recorded, the others the smoothed responses.",
        )
        .table(tables::models(scene.models)?);
    if let Some(left_out) = scene.models.first().and_then(|model| model.test.left_out()) {
        section = left_out.lines().fold(section, Section::paragraph);
    }
    Ok(section
        .figure(
            Bars::new("Mean over neurons", "CCnorm", bars).render(),
            "Mean CCnorm with its 95 % interval.",
        )
        .figure(Strips::new("Each neuron", "CCnorm", strips).render(), "CCnorm of every neuron."))
}

fn differences(scene: &Scene<'_>) -> anyhow::Result<Section> {
    let (_, score) = compared_by(scene.models);
    let mut section = Section::new("Differences")
        .paragraph(
            "First minus second, neuron by neuron, over the neurons that have the score in both: the mean with its bootstrap interval (BCa), p \
             values of Wilcoxon's signed ranks and of the sign-flip test of the mean, and the latter corrected for the number of pairs (Holm). \
             The test sounds count as fixed.",
        );
    section = comparison_notes(scene.differences).into_iter().fold(section, Section::paragraph);
    if let Some(table) = comparison_table(compared_title(scene.models), scene.differences)? {
        section = section.table(table);
    }
    let pairs = (0..scene.models.len()).flat_map(|i| (i + 1..scene.models.len()).map(move |j| (i, j)));
    for (i, j) in pairs.take(MOST_PAIRS) {
        let (a, b) = (&scene.models[i], &scene.models[j]);
        let of =
            |neuron: &statenet::metrics::NeuronScores| if score == "cc" { neuron.cc } else { neuron.ccnorm };
        let points = a.test.per_neuron.iter().map(|neuron| {
            let other = b.test.neuron(&neuron.id).and_then(of);
            ScatterPoint::new(neuron.id.clone(), other, of(neuron))
        });
        let title = compared_title(scene.models);
        let label = |model: &Scored| format!("{title} of {}", model.name);
        let scatter = Scatter::new("", label(b), label(a), points).render();
        section = section.figure(scatter, format!("{} against {}, neuron by neuron.", a.name, b.name));
    }
    Ok(section)
}

/// A row of neurons for each model and score, and what repeats have.
fn further(scene: &Scene<'_>) -> Section {
    let mut section = Section::new("Further scores");
    for Named { axis, of, ceiling, field, .. } in &ALL {
        // The Fano factor is of the responses, the same for all models.
        let models = if *field == "fano" { scene.models.get(..1).unwrap_or_default() } else { scene.models };
        let name =
            |model: &Scored| if *field == "fano" { "responses".to_owned() } else { model.name.clone() };
        let mut strips: Vec<Strip> = models
            .iter()
            .map(|model| Strip::new(name(model), model.further.iter().map(|scores| of(scores).ok())))
            .collect();
        if strips.iter().all(|strip| strip.values.iter().all(Option::is_none)) {
            continue;
        }
        if let (Some(ceiling), Some(model)) = (ceiling, scene.models.first()) {
            strips.push(Strip::new("repeats", model.further.iter().map(ceiling)));
        }
        let caption = match ceiling {
            Some(_) => format!("{axis} of every neuron; repeats: what the repeats of the responses have."),
            None => format!("{axis} of every neuron."),
        };
        section = section.figure(Strips::new("", *axis, strips).render(), caption);
    }
    section
}
