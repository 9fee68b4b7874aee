//! The page of `look`.

use ndarray::{Array2, Axis};
use statenet::{
    core::ResponseUnit,
    data::{Alignment, Neuron, Stimulus},
    prelude::*,
    report::{
        Cell, Curve, CurveAxis, Curves, Figure, Heatmap, Histogram, Page, Panel, Raster, RateUnit, Section,
        Table, Trace, Traces,
    },
};

use super::summary::{LookedAt, LookedNeuron};

/// The most repeats of a continuous response that are drawn.
const MOST_REPEATS: usize = 6;

/// The page: summary, alignment, neurons, responses, sounds.
///
/// # Errors
/// If a figure cannot be drawn.
pub(super) fn page(recording: &Recording, looked: &LookedAt, n_drawn: usize) -> anyhow::Result<Page> {
    let about = recording.description();
    let mut page = Page::new(format!("Recording {}", recording.name()))
        .subtitle("What is in it, before any model")
        .fact("Neurons", recording.n_neurons().to_string())
        .fact("Stimuli", format!("{} of {:.1} s in all", looked.stimuli, looked.seconds))
        .fact("Time bin", format!("{} ms", looked.dt_ms))
        .fact("Responses", looked.response_unit.as_str());
    page = match looked.has_sounds {
        true => page.fact("Bands", recording.n_bands().to_string()),
        false => page.fact("Sounds", "none"),
    };
    for (name, value) in [("Species", &about.species), ("Area", &about.area)] {
        if !value.is_empty() {
            page = page.fact(name, value.clone());
        }
    }
    if !looked.warnings.is_empty() {
        let lines = looked.warnings.iter().map(|warning| (warning.code.clone(), warning.to_string()));
        page = page.section(Section::new("Doubts").facts(lines));
    }
    page = page.section(responses(recording, looked, n_drawn)?).section(neurons(looked)?);
    if let Some(alignment) = &looked.alignment {
        page = page.section(lag(recording, alignment));
    }
    Ok(page.section(repeats(looked)).section(stimuli(recording, looked)?))
}

/// What the mean response of a bin is called.
fn mean_label(unit: &ResponseUnit) -> String {
    if unit.is_spikes() { "Mean per bin".to_owned() } else { format!("Mean ({unit})") }
}

/// What the response around onsets is called.
fn onset_label(unit: &ResponseUnit) -> String {
    if unit.is_spikes() { mean_label(unit) } else { format!("About the mean ({unit})") }
}

/// The table of neurons.
///
/// # Errors
/// None: rows have as many cells as there are columns.
pub(super) fn table(looked: &LookedAt) -> anyhow::Result<Table> {
    let mean = mean_label(&looked.response_unit);
    // Continuous responses have no rate.
    let rate = looked.response_unit.is_spikes().then_some("Rate (spikes/s)");
    let mut columns = vec!["Neuron", mean.as_str()];
    columns.extend(rate);
    columns.extend(["Repeats", "SNR", "CCmax", "Drift", "Remarks"]);
    let mut table = Table::new(columns);
    for neuron in &looked.neurons {
        let quality = &neuron.quality;
        let repeats = match quality.repeats {
            None => "-".to_owned(),
            Some([fewest, most]) if fewest == most => most.to_string(),
            Some([fewest, most]) => format!("{fewest}-{most}"),
        };
        let mut row: Vec<Cell> = vec![quality.id.as_str().into(), Cell::number(quality.mean, 4)];
        row.extend(rate.map(|_| Cell::number(neuron.rate_hz, 2)));
        row.extend([
            repeats.into(),
            Cell::number(neuron.snr, 3),
            Cell::number(neuron.ccmax, 3),
            Cell::number(quality.drift, 2),
            remarks(neuron).into(),
        ]);
        table.push(row)?;
    }
    Ok(table)
}

fn remarks(neuron: &LookedNeuron) -> String {
    let quality = &neuron.quality;
    let mut remarks = Vec::new();
    if quality.is_silent {
        remarks.push("silent".to_owned());
    }
    if let Some(other) = &quality.duplicate_of {
        remarks.push(format!("same trials as {other}"));
    }
    if let Some(share) = quality.saturated {
        remarks.push(format!("{:.1} % of bins at the largest value", 100.0 * share));
    }
    if let (Some(reason), false) = (&neuron.no_ccmax, quality.is_silent) {
        remarks.push(format!("no ceiling: {reason}"));
    }
    remarks.join("; ")
}

/// Rasters and PSTHs of the neurons with the best signal beside the cochleagram of the stimulus that they heard most often.
fn responses(recording: &Recording, looked: &LookedAt, n_drawn: usize) -> anyhow::Result<Section> {
    let mut order: Vec<usize> = (0..looked.neurons.len()).collect();
    let snr = |n: usize| looked.neurons.get(n).and_then(|neuron| neuron.snr).unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| snr(b).total_cmp(&snr(a)));
    let sound = if looked.has_sounds { "its cochleagram, " } else { "" };
    let mut section = Section::new("Responses").paragraph(format!(
        "The neurons with the best ratio of signal to noise, each with the stimulus that it heard most often: {sound}the response in each \
         repeat (as a raster of spikes, grey where nothing was recorded), and the mean over repeats, the PSTH."
    ));
    if !looked.has_sounds {
        section = section.paragraph(
            "There are no sounds: nothing that needs them is shown, and no model can be fitted. Without a sound, a stimulus lasts as long as the \
             data says, or to its last spike.",
        );
    }
    for &neuron in order.iter().take(n_drawn) {
        let repeats = |s: &&Stimulus| s.n_repeats_of(neuron);
        // The first of those heard most often.
        let Some(stimulus) = recording.stimuli().iter().rev().max_by_key(repeats).filter(|s| repeats(s) > 0)
        else {
            continue;
        };
        let figure = response(recording, looked, stimulus, neuron)?;
        let id = recording.neurons().get(neuron).map_or("", Neuron::id);
        section = section.figure(
            figure.render(),
            format!("{id}, {} repeats of {}. SNR {:.3}.", repeats(&stimulus), stimulus.name(), snr(neuron)),
        );
    }
    Ok(section)
}

fn response(
    recording: &Recording,
    looked: &LookedAt,
    stimulus: &Stimulus,
    neuron: usize,
) -> anyhow::Result<Panel> {
    let dt = recording.dt();
    let mut figures: Vec<Figure> = Vec::new();
    // The first figure has the name of the stimulus.
    let mut title = stimulus.name();
    if looked.has_sounds {
        figures.push(Heatmap::cochleagram(title, stimulus.cochleagram(), recording.bands(), dt)?.into());
        title = "";
    }
    let responses = stimulus.responses_of(&[neuron])?;
    let counts: Array2<f32> = responses.to_nan().index_axis_move(Axis(0), 0);
    let heard: Vec<usize> =
        (0..counts.nrows()).filter(|&r| counts.row(r).iter().any(|value| !value.is_nan())).collect();
    let (psth, valid) = responses.psth();
    let psth =
        psth.iter().zip(&valid).map(|(&x, &valid)| if valid { x } else { f32::NAN }).collect::<Vec<_>>();
    let mean = Trace::recorded("PSTH", psth);
    let unit = recording.response_unit();
    if !unit.is_spikes() {
        let repeat = |&r: &usize| Trace::predicted(format!("repeat {}", r + 1), counts.row(r).to_vec());
        let traces = heard.iter().take(MOST_REPEATS).map(repeat).collect::<Vec<_>>();
        let in_unit = |title: &str, traces: Vec<Trace>| {
            let mut traces = Traces::new(title, traces, dt);
            traces.unit = RateUnit::Other(unit.label());
            traces
        };
        figures.push(in_unit(title, traces).into());
        figures.push(in_unit("", vec![mean]).into());
        return Ok(Panel::shared_time("", figures));
    }
    figures.push(Raster::new(title, counts.select(Axis(0), &heard).view(), dt).into());
    figures.push(Traces::new("", [mean], dt).into());
    Ok(Panel::shared_time("", figures))
}

fn neurons(looked: &LookedAt) -> anyhow::Result<Section> {
    let of = |value: fn(&LookedNeuron) -> Option<f64>| looked.neurons.iter().map(value).collect::<Vec<_>>();
    let figures: [Figure; 3] = [
        Histogram::new("Signal to noise", "Signal power / noise power of a repeat", of(|n| n.snr)).into(),
        Histogram::new("Ceiling", "CCmax", of(|n| n.ccmax)).into(),
        Histogram::new("Drift", "Last third of the repeats / first third", of(|n| n.quality.drift)).into(),
    ];
    Ok(Section::new("Neurons")
        .paragraph(
            "SNR: signal power over noise power of a single repeat, unbiased, so that noise can make it negative. CCmax: the correlation that a \
             perfect prediction would have with the mean over repeats. Drift: the mean response in the last third of the repeats over that in \
             the first third.",
        )
        .figure(Panel::grid("", 3, figures).render(), "Over neurons.")
        .table(table(looked)?))
}

/// The correlation of rises at each lag, and the response around clear rises of the sound.
fn lag(recording: &Recording, alignment: &Alignment) -> Section {
    let first = alignment.curve.first().map_or(0.0, |point| point.lag_ms);
    let axis = || CurveAxis::Numbers {
        label: "Lag behind the sound (ms)".to_owned(),
        first,
        step: recording.dt().ms(),
    };
    let curve = Curve::new("correlation", alignment.curve.iter().map(|point| point.correlation));
    let mut correlation = Curves::new("Rises of sound and response", "Correlation", axis(), [curve]);
    correlation.marked = alignment.curve.iter().position(|point| Some(point.lag_ms) == alignment.lag_ms);
    let mut figures: Vec<Figure> = vec![correlation.into()];
    if !alignment.onset_response.is_empty() {
        let response = Curve::new("response", alignment.onset_response.iter().copied());
        figures.push(
            Curves::new("Onset response", onset_label(recording.response_unit()), axis(), [response]).into(),
        );
    }
    let said = match (alignment.lag_ms, alignment.ci95, alignment.clear) {
        (None, ..) => "Sound or responses never rise: the lag cannot be measured.".to_owned(),
        (Some(lag), ci, clear) => format!(
            "Responses follow the sound by {lag} ms{}{}. A lag below 0 means that responses are recorded before the sound.",
            ci.map_or_else(String::new, |[low, high]| format!(" [{low}, {high}]")),
            if clear { "" } else { ", but another lag fits nearly as well" }
        ),
    };
    Section::new("Alignment").paragraph(said).figure(
        Panel::grid("", 2, figures).render(),
        "Left: correlation of the rises of the sound's bands with those of the mean PSTH. Right: the mean response around the sounds' clearest \
         rises, which are at 0.",
    )
}

fn repeats(looked: &LookedAt) -> Section {
    if !looked.response_unit.is_spikes() {
        let none = "Of continuous responses there is no ratio of means, since their 0 has no meaning.";
        return Section::new("Drift over repeats").paragraph(none);
    }
    let values = looked.response_by_repeat.iter().map(|mean| mean.unwrap_or(f64::NAN));
    let axis = CurveAxis::Numbers { label: "Repeat".to_owned(), first: 1.0, step: 1.0 };
    let figure = Curves::new("", "Relative response", axis, [Curve::new("response", values)]);
    Section::new("Drift over repeats").figure(
        figure.render(),
        "Mean response of all neurons in each repeat over that in all repeats; 1 throughout means no drift.",
    )
}

fn stimuli(recording: &Recording, looked: &LookedAt) -> anyhow::Result<Section> {
    let mut table = Table::new(["Stimulus", "Kind", "Seconds", "Repeats", "Lag (ms)"]);
    for stimulus in recording.stimuli() {
        let mut lags = looked.alignment.iter().flat_map(|alignment| &alignment.stimuli);
        let own = lags.find(|lag| lag.name == stimulus.name());
        table.push([
            stimulus.name().into(),
            stimulus.kind().unwrap_or("-").into(),
            Cell::number(Some(stimulus.n_bins() as f64 * recording.dt().seconds()), 3),
            stimulus.n_repeats().into(),
            Cell::number(own.map(|lag| lag.lag_ms), 0),
        ])?;
    }
    if !looked.has_sounds {
        return Ok(Section::new("Stimuli").table(table));
    }
    let curve = Curve::new("autocorrelation", looked.stimulus_autocorrelation.iter().copied());
    let axis = CurveAxis::Lags(recording.dt());
    let figure = Curves::new("", "Autocorrelation", axis, [curve]);
    let memory =
        looked.stimulus_memory_ms.map_or_else(|| "more than 500 ms".to_owned(), |ms| format!("{ms} ms"));
    Ok(Section::new("Sounds")
        .paragraph(format!(
            "The bands of the cochleagrams are correlated over {memory} (to 1/e). A lag is shown where a stimulus has a clear one of its own."
        ))
        .figure(figure.render(), "Autocorrelation of the bands, each about its mean in its stimulus.")
        .table(table))
}
