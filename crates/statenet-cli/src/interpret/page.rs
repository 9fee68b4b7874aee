//! Writes `report.html` of `interpret`: the analysis of each neuron, best predicted first.

use std::path::Path;

use anyhow::Context;
use ndarray::{Array2, ArrayView2};
use statenet::{
    interp::Estimate,
    metrics::{NeuronScores, Undefined},
    prelude::*,
    report::{
        Bar, Bars, Cell, ColorMap, Curve, CurveAxis, Curves, Figure, Heatmap, Interval, Page, Panel, Scatter,
        ScatterPoint, Section, Size, Table,
    },
};

use super::{
    analysis::{Experiments, NeuronAnalysis},
    args::InterpretArgs,
    loaded_model::LoadedModel,
};

/// The most neurons that have a section of their own; the tables list all.
const MOST_SHOWN: usize = 24;

/// Writes the page and its figures, and returns the tables over all neurons.
///
/// # Errors
/// If a figure cannot be drawn or a file cannot be written.
pub(crate) fn write(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &[NeuronAnalysis],
    out: &Path,
) -> anyhow::Result<Vec<Table>> {
    let LoadedModel { model, recording, split, .. } = loaded;
    let tables = tables(analyses)?;
    let mut page = Page::new(format!("What {} responds to", model.config().slug()))
        .subtitle(format!("Fitted to {}", recording.name()))
        .fact("Neurons", analyses.len().to_string())
        .fact("Methods", args.methods.names().join(", "))
        .fact(
            "Sounds",
            format!(
                "{} training stimuli for the analyses, {} test stimuli for scores",
                split.train().len(),
                split.test().len()
            ),
        )
        .fact("Time bin", format!("{} ms", recording.dt().ms()))
        .fact("Seed", args.seed.to_string());
    if let Some(citation) = &recording.description().citation {
        page = page.fact("Data", citation.clone());
    }
    let mut all = Section::new("All neurons")
        .paragraph(
            "Best predicted first. Brackets hold 95 % intervals over sounds. Best frequency, bandwidth, latency and \
             separability are those of the mean gradient map; cosine compares that map with the true receptive field, \
             where it is known. Memory is the lag beyond which sound accounts for less than a tenth of the standard \
             deviation of the response, by three measures.",
        );
    all = tables.iter().fold(all, |all, table| all.table(table.clone()));
    for (name, figure, caption) in overview(analyses) {
        let svg = figure.render();
        svg.write(out.join("figures").join(format!("{name}.svg")))?;
        all = all.figure(svg, caption);
    }
    page = page.section(all);
    for analysis in analyses.iter().take(MOST_SHOWN) {
        page = page.section(neuron(loaded, analysis, out)?);
    }
    if analyses.len() > MOST_SHOWN {
        let text = format!(
            "Only the {} best predicted neurons are shown; maps/ holds the arrays of all {}.",
            MOST_SHOWN,
            analyses.len()
        );
        page = page.section(Section::new("Others").paragraph(text));
    }
    page.write(out.join("report.html"))?;
    Ok(tables)
}

fn cell<T: Copy>(estimate: Option<Estimate<T>>, number: impl Fn(T) -> f64, decimals: usize) -> Cell {
    let Some(Estimate { value, ci95 }) = estimate else { return Cell::number(None, decimals) };
    let interval = ci95.map(|[low, high]| Interval::new(number(low), number(high)));
    Cell::estimate(value.map(number), interval, decimals)
}

/// The CCnorm of a neuron; `?` behind one that a weak signal hardly supports.
fn ccnorm(score: &NeuronScores) -> Cell {
    match (score.ccnorm, &score.undefined.ccnorm) {
        (None, Some(Undefined::NotTrained)) => "not trained".into(),
        (Some(ccnorm), _) if score.weak => format!("{ccnorm:.3}?").into(),
        (ccnorm, _) => Cell::number(ccnorm, 3),
    }
}

/// The tuning table and, if memory was measured, the memory table, one row per neuron.
fn tables(analyses: &[NeuronAnalysis]) -> anyhow::Result<Vec<Table>> {
    let knows = analyses.iter().any(|f| f.truth.is_some());
    let mut columns =
        vec!["Neuron", "CCnorm", "Frequency (kHz)", "Width (oct)", "Latency (ms)", "Separability"];
    if knows {
        columns.push("Cosine");
    }
    let mut tunings = Table::new(columns);
    let mut memories = Table::new(["Neuron", "Memory (ms) by gradient", "by forgetting", "by truncation"]);
    for analysis in analyses {
        let tuning = analysis.maps.as_ref().map(|maps| &maps.tuning);
        let mut row = vec![
            analysis.id.as_str().into(),
            ccnorm(&analysis.score),
            cell(tuning.map(|t| t.best_frequency), |best: Hertz| best.hz() / 1000.0, 2),
            cell(tuning.map(|t| t.bandwidth_octaves), |x| x, 2),
            cell(tuning.map(|t| t.latency), Millis::ms, 0),
            cell(tuning.map(|t| t.separability), |x| x, 2),
        ];
        if knows {
            row.push(cell(analysis.maps.as_ref().and_then(|maps| maps.agreement), |x| x, 2));
        }
        tunings.push(row)?;
        if let Some(memory) = analysis.memory.as_ref().map(|memory| &memory.memory) {
            memories.push([
                analysis.id.as_str().into(),
                cell(Some(memory.gradient), Millis::ms, 0),
                cell(Some(memory.forgetting), Millis::ms, 0),
                cell(Some(memory.truncation), Millis::ms, 0),
            ])?;
        }
    }
    Ok(if memories.n_rows() > 0 { vec![tunings, memories] } else { vec![tunings] })
}

/// Figures over all neurons: name, figure, caption.
fn overview(analyses: &[NeuronAnalysis]) -> Vec<(&'static str, Figure, &'static str)> {
    let mut figures: Vec<(&'static str, Figure, &'static str)> = Vec::new();
    if analyses.iter().any(|f| f.memory.is_some()) {
        let bars = analyses.iter().take(60).map(|f| {
            let memory = f.memory.as_ref().map(|m| m.memory.forgetting);
            let interval = memory.and_then(|m| m.ci95).map(|[a, b]| Interval::new(a.ms(), b.ms()));
            Bar::new(f.id.clone(), memory.and_then(|m| m.value).map(Millis::ms), interval)
        });
        figures.push((
            "memory",
            Bars::new("Memory by forgetting", "Memory (ms)", bars).into(),
            "Memory of each neuron by the forgetting curve, with 95 % intervals over sounds.",
        ));
        let points = analyses.iter().map(|f| {
            let memory = f.memory.as_ref().map(|m| &m.memory);
            let ms = |estimate: Option<Estimate<Millis>>| estimate.and_then(|e| e.value).map(Millis::ms);
            ScatterPoint::new(f.id.clone(), ms(memory.map(|m| m.gradient)), ms(memory.map(|m| m.forgetting)))
        });
        let labels = ("Memory by gradient (ms)", "Memory by forgetting (ms)");
        figures.push((
            "memory-two-ways",
            Scatter::new("Two measures of memory", labels.0, labels.1, points).into(),
            "On the diagonal both measures agree. Above it, the effect of a large change of the past lasts longer than \
             that of a small one.",
        ));
    }
    if let Some(accuracy) = accuracy(analyses) {
        figures.push((
            "accuracy-by-history",
            accuracy,
            "Mean CCnorm on test stimuli if the model receives only this much sound before each bin. Where the bars no \
             longer rise, more history does not help.",
        ));
    }
    figures
}

/// Mean CCnorm against the length of history.
fn accuracy(analyses: &[NeuronAnalysis]) -> Option<Figure> {
    let levels: Vec<f64> = analyses.first()?.accuracy.iter().map(|(ms, _)| *ms).collect();
    if levels.is_empty() {
        return None;
    }
    let mean = |level: usize| {
        let known: Vec<f64> = analyses.iter().filter_map(|f| f.accuracy.get(level)?.1).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let name = |ms: &f64| if ms.is_finite() { format!("{ms} ms") } else { "all".to_owned() };
    let bars = levels.iter().enumerate().map(|(level, ms)| Bar::new(name(ms), mean(level), None));
    Some(Bars::new("Accuracy by history", "Mean CCnorm", bars).into())
}

/// The section of one neuron: figures with captions.
fn neuron(loaded: &LoadedModel, analysis: &NeuronAnalysis, out: &Path) -> anyhow::Result<Section> {
    let recording = &loaded.recording;
    let score = match (analysis.score.ccnorm, &analysis.score.undefined.ccnorm) {
        (Some(score), _) => format!("CCnorm {score:.2}"),
        (None, Some(reason)) => format!("no CCnorm ({reason})"),
        (None, None) => "no CCnorm".to_owned(),
    };
    let mut section = Section::new(format!("{} ({score})", analysis.id));
    let n_lags = analysis
        .maps
        .as_ref()
        .map(|maps| maps.null.ncols())
        .or_else(|| analysis.fields.as_ref().map(|fields| fields.mean.ncols()));
    let field = |title: &str, field: ArrayView2<'_, f64>| -> anyhow::Result<Figure> {
        let n_lags = n_lags.unwrap_or(field.ncols());
        let shown =
            Array2::from_shape_fn((field.nrows(), n_lags), |at| field.get(at).copied().unwrap_or(f64::NAN));
        let mut figure = Heatmap::strf(title, shown.view(), recording.bands(), recording.dt())?;
        figure.size = Size::new(190.0, 150.0);
        Ok(figure.into())
    };
    let mut fields = Vec::new();
    if let Some(recorded) = &analysis.recorded {
        fields.push(field("STRF of the recording (ridge)", recorded.view())?);
    }
    if let Some(truth) = &analysis.truth {
        fields.push(field("true receptive field", truth.view())?);
    }
    if let Some(maps) = &analysis.maps {
        fields.push(field("gradient map, recorded sounds", maps.recorded.mean().view())?);
        fields.push(field("gradient map, null stimulus", maps.null.view())?);
    }
    if let Some(of_bins) = &analysis.fields {
        fields.push(field("dSTRF, mean over bins", of_bins.mean.view())?);
        fields.push(field("dSTRF at high rates, excitatory", of_bins.excitatory.view())?);
        fields.push(field("dSTRF at high rates, inhibitory", of_bins.inhibitory.view())?);
    }
    let keep = |name: &str, figure: &Figure| -> anyhow::Result<statenet::report::Svg> {
        let svg = figure.render();
        svg.write(out.join("figures").join(format!("{}-{name}.svg", analysis.file)))?;
        Ok(svg)
    };
    if !fields.is_empty() {
        let panel: Figure = Panel::grid("", 3, fields).into();
        let caption = format!(
            "Receptive fields, lag 0 at the right, red excites.{}",
            analysis.fields.as_ref().map_or_else(String::new, |fields| format!(
                " The dynamic STRFs of all bins span {} dimensions{}.",
                fields.dimensionality.map_or_else(|| "no".to_owned(), |d| format!("{d:.1}")),
                fields.dynamics.as_ref().map_or_else(String::new, |d| format!(
                    "; their norm varies by {:.0} % of its mean",
                    100.0 * d.gain_change
                ))
            ))
        );
        section = section.figure(keep("fields", &panel)?, caption);
    }
    if let Some((dreams, best)) = &analysis.dreams
        && let Some(dream) = dreams.first()
    {
        let sound = |title: &str, sound: ArrayView2<'_, f32>| -> anyhow::Result<Figure> {
            let sound = loaded.in_deviations(sound)?;
            let mut figure = Heatmap::cochleagram(title, sound.view(), recording.bands(), recording.dt())?;
            figure.size = Size::new(260.0, 150.0);
            figure.unit = "Level (s.d. of band)".to_owned();
            Ok(figure.into())
        };
        let panel: Figure = Panel::grid(
            "",
            2,
            [sound("dream", dream.sound.view())?, sound("best recorded", best.cochleagram.view())?],
        )
        .into();
        let caption = format!(
            "Dream: the sound with the largest response within the range of the recorded sounds, {} in the \
             last bin. Right: the recorded stretch with the largest response, {}.",
            in_unit(dream.response, recording),
            in_unit(best.response, recording)
        );
        section = section.figure(keep("dream", &panel)?, caption);
    }
    if let (Some((dream, best)), Some(hearing)) = (&analysis.heard, &loaded.hearing) {
        let heard = |title: &str, bins: ArrayView2<'_, f32>| -> anyhow::Result<Figure> {
            let sound = super::analysis::tensor(bins, hearing.model.device())?;
            let bands = hearing.model.cochleagram(&sound)?.context("a model without a front end")?;
            let (_, _, n_bands, n_bins) = bands.dims4()?;
            let bands = Array2::from_shape_vec((n_bands, n_bins), bands.flatten_all()?.to_vec1::<f32>()?)?;
            let bands = loaded.in_deviations(bands.view())?;
            let mut figure = Heatmap::cochleagram(title, bands.view(), recording.bands(), recording.dt())?;
            figure.size = Size::new(260.0, 150.0);
            figure.unit = "Level (s.d. of band)".to_owned();
            Ok(figure.into())
        };
        let figures = [heard("dream", dream.sound.view())?, heard("best recorded", best.cochleagram.view())?];
        let panel: Figure = Panel::grid("", 2, figures).into();
        let caption = format!(
            "The same for samples, through the model's front end: the sound as loud as the training sounds with the largest \
             response, {} (sounds/{}-samples.wav), and the recorded stretch, {}.",
            in_unit(dream.response, recording),
            analysis.id,
            in_unit(best.response, recording)
        );
        section = section.figure(keep("dream-samples", &panel)?, caption);
    }
    if let Some(memory) = &analysis.memory {
        let root = |name: &str, shares: &[f64]| Curve::new(name, shares.iter().map(|u| u.max(0.0).sqrt()));
        let curves = [
            root("gradient", &memory.curves.gradient),
            root("forgetting", &memory.curves.forgetting),
            root("truncation", &memory.curves.truncation),
        ];
        let axis = CurveAxis::Lags(memory.curves.dt);
        let figure: Figure =
            Curves::new("Memory", "Share of s.d. due to sound at this lag and before", axis, curves).into();
        let ms =
            |e: Estimate<Millis>| e.value.map_or_else(|| "-".to_owned(), |v| format!("{:.0} ms", v.ms()));
        let caption = format!(
            "Memory is the lag at which a curve falls to a tenth: {} by the gradient, {} by forgetting, {} by truncation.",
            ms(memory.memory.gradient),
            ms(memory.memory.forgetting),
            ms(memory.memory.truncation)
        );
        section = section.figure(keep("memory", &figure)?, caption);
    }
    if let Some(experiments) = &analysis.experiments {
        section = section
            .figure(keep("experiments", &experiment_figure(loaded, experiments)?)?, summary(experiments));
    }
    Ok(section)
}

/// The unit of responses in figures of experiments: spikes per second, or that of continuous responses.
fn unit_of(recording: &Recording) -> &str {
    let unit = recording.response_unit();
    if unit.is_spikes() { "spikes/s" } else { unit.as_str() }
}

/// A response in a bin with its unit: `12.5 spikes/s`, `-61.2 mV`.
fn in_unit(response: f64, recording: &Recording) -> String {
    let unit = recording.response_unit();
    let shown = if unit.is_spikes() { response / recording.dt().seconds() } else { response };
    if unit.is_spikes() || shown.abs() >= 10.0 {
        format!("{shown:.1} {}", unit_of(recording))
    } else {
        format!("{shown:.3} {}", unit_of(recording))
    }
}

/// The figure of tones, ripples and the noise burst.
fn experiment_figure(loaded: &LoadedModel, experiments: &Experiments) -> anyhow::Result<Figure> {
    let names = |values: &[f64]| values.iter().map(|v| format!("{v}")).collect::<Vec<_>>();
    let kilohertz = experiments.tones.frequencies.iter().map(|f| format!("{:.1}", f.hz() / 1000.0));
    let mut tones =
        Heatmap::matrix("tones", experiments.tones.evoked_hz.view(), "Level (dB)", "Frequency (kHz)")
            .called(names(&experiments.tones.levels_db), kilohertz);
    tones.size = Size::new(260.0, 150.0);
    tones.colors = ColorMap::Diverging;
    tones.unit = format!("Evoked ({})", unit_of(&loaded.recording));
    let mut ripples = Heatmap::matrix(
        "ripples",
        experiments.ripples.locked_hz.view(),
        "Density (cycles/oct)",
        "Velocity (Hz)",
    )
    .called(names(&experiments.ripples.densities), names(&experiments.ripples.velocities_hz));
    ripples.size = Size::new(220.0, 150.0);
    ripples.unit = format!("Locked ({})", unit_of(&loaded.recording));
    let onset: Figure = {
        let axis = CurveAxis::Lags(loaded.recording.dt());
        Curves::new(
            "noise burst",
            format!("Evoked ({})", unit_of(&loaded.recording)),
            axis,
            [Curve::new("burst", experiments.bursts.evoked_hz.iter().copied())],
        )
        .into()
    };
    Ok(Panel::grid("", 2, [tones.into(), ripples.into(), onset]).into())
}

/// The caption of the experiments, with their numbers.
fn summary(experiments: &Experiments) -> String {
    let number = |x: Option<f64>, unit: &str| {
        x.map_or_else(
            || "none".to_owned(),
            |x| if x.abs() < 10.0 { format!("{x:.2}{unit}") } else { format!("{x:.0}{unit}") },
        )
    };
    format!(
        "In-silico experiments with synthetic sounds, which were not played to the animal. Tones: level (dB relative to \
         the loudest recorded sound) against frequency (kHz); best frequency {}, threshold {}. Ripples: cycles per octave \
         against cycles per second. Noise burst: latency {}, adaptation {}. Oddball: index of stimulus-specific \
         adaptation {}. Contrast: gain at high over gain at low contrast {}.",
        number(experiments.tones.best_frequency().map(Hertz::hz), " Hz"),
        number(experiments.tones.threshold_db(0.2), " dB"),
        number(experiments.bursts.latency.map(Millis::ms), " ms"),
        number(experiments.bursts.adaptation, ""),
        number(experiments.oddball.index, ""),
        number(experiments.contrast.gain_ratio, ""),
    )
}
