//! `report.html` of `interpret`: what each neuron listens to, best predicted first.

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use statenet::{
    interp::Estimate,
    prelude::*,
    report::{
        Bar, Bars, Cell, ColorMap, Curve, CurveAxis, Curves, Figure, Heatmap, Interval, Page, Panel, Scatter,
        ScatterPoint, Section, Size, Table,
    },
};

use super::{
    analysis::{Answers, Finding},
    args::InterpretArgs,
    loaded_model::Subject,
};

/// Neurons that are shown one by one; the table has all.
const MOST_SHOWN: usize = 24;

/// Writes the page and its figures, and returns the tables of all neurons.
///
/// # Errors
/// If a figure cannot be drawn from these arrays or a file not be written.
pub fn write(
    args: &InterpretArgs,
    subject: &Subject,
    findings: &[Finding],
    out: &Path,
) -> anyhow::Result<Vec<Table>> {
    let Subject { model, recording, split, .. } = subject;
    let tables = tables(findings)?;
    let mut page = Page::new(format!("What {} listens to", model.config().slug()))
        .subtitle(format!("Fitted to {}", recording.name()))
        .fact("Neurons", findings.len().to_string())
        .fact("Methods", args.methods.names().join(", "))
        .fact(
            "Sounds",
            format!(
                "{} training stimuli to look at, {} test stimuli to score",
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
            "Best predicted first. Numbers with brackets have a 95 % interval over sounds. Best frequency, bandwidth, \
             latency and separability are those of the mean gradient map; where the true field is known, the cosine \
             is that of the map with it. Memory is the lag beyond which the sound explains less than a tenth of the \
             deviation of the response, read off the model in three ways.",
        );
    all = tables.iter().fold(all, |all, table| all.table(table.clone()));
    for (name, figure, caption) in overview(findings) {
        let svg = figure.render();
        svg.write(&out.join("figures").join(format!("{name}.svg")))?;
        all = all.figure(svg, caption);
    }
    page = page.section(all);
    for finding in findings.iter().take(MOST_SHOWN) {
        page = page.section(neuron(subject, finding, out)?);
    }
    if findings.len() > MOST_SHOWN {
        let text = format!(
            "The {} best predicted neurons are shown; maps/ holds the arrays of all {}.",
            MOST_SHOWN,
            findings.len()
        );
        page = page.section(Section::new("Others").paragraph(text));
    }
    page.write(&out.join("report.html"))?;
    Ok(tables)
}

fn cell<T: Copy>(estimate: Option<Estimate<T>>, number: impl Fn(T) -> f64, decimals: usize) -> Cell {
    let Some(Estimate { value, ci95 }) = estimate else { return Cell::number(None, decimals) };
    let interval = ci95.map(|[low, high]| Interval::new(number(low), number(high)));
    Cell::estimate(value.map(number), interval, decimals)
}

/// One row a neuron: tuning, and memory where it was looked for.
fn tables(findings: &[Finding]) -> anyhow::Result<Vec<Table>> {
    let knows = findings.iter().any(|f| f.truth.is_some());
    let mut columns =
        vec!["Neuron", "CCnorm", "Frequency (kHz)", "Width (oct)", "Latency (ms)", "Separability"];
    if knows {
        columns.push("Cosine");
    }
    let mut tunings = Table::new(columns);
    let mut memories = Table::new(["Neuron", "Memory (ms) by gradient", "by forgetting", "by truncation"]);
    for finding in findings {
        let tuning = finding.maps.as_ref().map(|maps| &maps.tuning);
        let mut row = vec![
            finding.id.as_str().into(),
            Cell::number(finding.score.ccnorm, 3),
            cell(tuning.map(|t| t.best_frequency), |best: Hertz| best.hz() / 1000.0, 2),
            cell(tuning.map(|t| t.bandwidth_octaves), |x| x, 2),
            cell(tuning.map(|t| t.latency), Millis::ms, 0),
            cell(tuning.map(|t| t.separability), |x| x, 2),
        ];
        if knows {
            row.push(cell(finding.maps.as_ref().and_then(|maps| maps.agreement), |x| x, 2));
        }
        tunings.push(row)?;
        if let Some(memory) = finding.memory.as_ref().map(|memory| &memory.memory) {
            memories.push([
                finding.id.as_str().into(),
                cell(Some(memory.gradient), Millis::ms, 0),
                cell(Some(memory.forgetting), Millis::ms, 0),
                cell(Some(memory.truncation), Millis::ms, 0),
            ])?;
        }
    }
    Ok(if memories.n_rows() > 0 { vec![tunings, memories] } else { vec![tunings] })
}

/// Figures over all neurons: name, figure, caption.
fn overview(findings: &[Finding]) -> Vec<(&'static str, Figure, &'static str)> {
    let mut figures: Vec<(&'static str, Figure, &'static str)> = Vec::new();
    if findings.iter().any(|f| f.memory.is_some()) {
        let bars = findings.iter().take(60).map(|f| {
            let memory = f.memory.as_ref().map(|m| m.memory.forgetting);
            let interval = memory.and_then(|m| m.ci95).map(|[a, b]| Interval::new(a.ms(), b.ms()));
            Bar::new(f.id.clone(), memory.and_then(|m| m.value).map(Millis::ms), interval)
        });
        figures.push((
            "memory",
            Bars::new("Memory by forgetting", "Memory (ms)", bars).into(),
            "Memory of each neuron by the forgetting curve, with its 95 % interval over sounds.",
        ));
        let points = findings.iter().map(|f| {
            let memory = f.memory.as_ref().map(|m| &m.memory);
            let ms = |estimate: Option<Estimate<Millis>>| estimate.and_then(|e| e.value).map(Millis::ms);
            ScatterPoint::new(f.id.clone(), ms(memory.map(|m| m.gradient)), ms(memory.map(|m| m.forgetting)))
        });
        let labels = ("Memory by gradient (ms)", "Memory by forgetting (ms)");
        figures.push((
            "memory-two-ways",
            Scatter::new("Two ways to read a memory", labels.0, labels.1, points).into(),
            "Neurons on the diagonal have the memory that their gradients show. Above it, large changes of the past \
             last longer than small ones.",
        ));
    }
    if let Some(accuracy) = accuracy(findings) {
        figures.push((
            "accuracy-by-history",
            accuracy,
            "Mean CCnorm on test stimuli of the model when it may hear no more than so much of the sound before each bin. \
             Where the curve is flat, more history does not help.",
        ));
    }
    figures
}

/// Mean accuracy against history.
fn accuracy(findings: &[Finding]) -> Option<Figure> {
    let levels: Vec<f64> = findings.first()?.accuracy.iter().map(|(ms, _)| *ms).collect();
    if levels.is_empty() {
        return None;
    }
    let mean = |level: usize| {
        let known: Vec<f64> = findings.iter().filter_map(|f| f.accuracy.get(level)?.1).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    let name = |ms: &f64| if ms.is_finite() { format!("{ms} ms") } else { "all".to_owned() };
    let bars = levels.iter().enumerate().map(|(level, ms)| Bar::new(name(ms), mean(level), None));
    Some(Bars::new("Accuracy by history", "Mean CCnorm", bars).into())
}

/// A neuron's figures and numbers.
fn neuron(subject: &Subject, finding: &Finding, out: &Path) -> anyhow::Result<Section> {
    let recording = &subject.recording;
    let score =
        finding.score.ccnorm.map_or_else(|| "no CCnorm".to_owned(), |score| format!("CCnorm {score:.2}"));
    let mut section = Section::new(format!("{} ({score})", finding.id));
    let n_lags = finding
        .maps
        .as_ref()
        .map(|maps| maps.null.ncols())
        .or_else(|| finding.fields.as_ref().map(|fields| fields.mean.ncols()));
    let field = |title: &str, field: ArrayView2<'_, f64>| -> anyhow::Result<Figure> {
        let n_lags = n_lags.unwrap_or(field.ncols());
        let shown =
            Array2::from_shape_fn((field.nrows(), n_lags), |at| field.get(at).copied().unwrap_or(f64::NAN));
        let mut figure = Heatmap::strf(title, shown.view(), recording.bands(), recording.dt())?;
        figure.size = Size::new(190.0, 150.0);
        Ok(figure.into())
    };
    let mut fields = Vec::new();
    if let Some(recorded) = &finding.recorded {
        fields.push(field("STRF of the recording (ridge)", recorded.view())?);
    }
    if let Some(truth) = &finding.truth {
        fields.push(field("true receptive field", truth.view())?);
    }
    if let Some(maps) = &finding.maps {
        fields.push(field("gradient map, recorded sounds", maps.recorded.mean().view())?);
        fields.push(field("gradient map, null stimulus", maps.null.view())?);
    }
    if let Some(of_bins) = &finding.fields {
        fields.push(field("dSTRF, mean over bins", of_bins.mean.view())?);
        fields.push(field("dSTRF at high rates, excitatory", of_bins.excitatory.view())?);
        fields.push(field("dSTRF at high rates, inhibitory", of_bins.inhibitory.view())?);
    }
    let keep = |name: &str, figure: &Figure| -> anyhow::Result<statenet::report::Svg> {
        let svg = figure.render();
        svg.write(&out.join("figures").join(format!("{}-{name}.svg", finding.id)))?;
        Ok(svg)
    };
    if !fields.is_empty() {
        let panel: Figure = Panel::grid("", 3, fields).into();
        let caption = format!(
            "Receptive fields, lag 0 at the right, red excites.{}",
            finding.fields.as_ref().map_or_else(String::new, |fields| format!(
                " The fields of all bins span {} directions{}.",
                fields.dimensionality.map_or_else(|| "no".to_owned(), |d| format!("{d:.1}")),
                fields.changes.as_ref().map_or_else(String::new, |c| format!(
                    "; their size varies by {:.0} % of its mean",
                    100.0 * c.gain
                ))
            ))
        );
        section = section.figure(keep("fields", &panel)?, caption);
    }
    if let Some((dreams, best)) = &finding.dreams
        && let Some(dream) = dreams.first()
    {
        let sound = |title: &str, sound: ArrayView2<'_, f32>| -> anyhow::Result<Figure> {
            let mut figure = Heatmap::cochleagram(title, sound, recording.bands(), recording.dt())?;
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
        let per_second = 1000.0 / recording.dt().ms();
        let caption = format!(
            "The sound that excites most within the range of the recorded ones, {:.1} spikes/s in its last bin, beside \
             the recorded stretch that does, {:.1}.",
            dream.response * per_second,
            best.response * per_second
        );
        section = section.figure(keep("dream", &panel)?, caption);
    }
    if let Some(memory) = &finding.memory {
        let root = |name: &str, shares: &[f64]| Curve::new(name, shares.iter().map(|u| u.max(0.0).sqrt()));
        let curves = [
            root("gradient", &memory.curves.gradient),
            root("forgetting", &memory.curves.forgetting),
            root("truncation", &memory.curves.truncation),
        ];
        let axis = CurveAxis::Lags(memory.curves.dt);
        let figure: Figure =
            Curves::new("Memory", "Deviation due to sound at this lag and before", axis, curves).into();
        let ms =
            |e: Estimate<Millis>| e.value.map_or_else(|| "-".to_owned(), |v| format!("{:.0} ms", v.ms()));
        let caption = format!(
            "Memory ends where a curve falls to a tenth: {} by the gradient, {} by forgetting, {} by truncation.",
            ms(memory.memory.gradient),
            ms(memory.memory.forgetting),
            ms(memory.memory.truncation)
        );
        section = section.figure(keep("memory", &figure)?, caption);
    }
    if let Some(answers) = &finding.answers {
        section = section.figure(keep("experiments", &experiments(subject, answers)?)?, said(answers));
    }
    Ok(section)
}

/// Tones and ripples.
fn experiments(subject: &Subject, answers: &Answers) -> anyhow::Result<Figure> {
    let names = |values: &[f64]| values.iter().map(|v| format!("{v}")).collect::<Vec<_>>();
    let kilohertz = answers.tones.frequencies.iter().map(|f| format!("{:.1}", f.hz() / 1000.0));
    let mut tones = Heatmap::matrix("tones", answers.tones.evoked_hz.view(), "Level (dB)", "Frequency (kHz)")
        .called(names(&answers.tones.levels_db), kilohertz);
    tones.size = Size::new(260.0, 150.0);
    tones.colors = ColorMap::Diverging;
    tones.unit = "Evoked (spikes/s)".to_owned();
    let mut ripples =
        Heatmap::matrix("ripples", answers.ripples.locked_hz.view(), "Density (cycles/oct)", "Velocity (Hz)")
            .called(names(&answers.ripples.densities), names(&answers.ripples.velocities_hz));
    ripples.size = Size::new(220.0, 150.0);
    ripples.unit = "Locked (spikes/s)".to_owned();
    let onset: Figure = {
        let axis = CurveAxis::Lags(subject.recording.dt());
        Curves::new(
            "noise burst",
            "Evoked (spikes/s)",
            axis,
            [Curve::new("burst", answers.bursts.evoked_hz.iter().copied())],
        )
        .into()
    };
    Ok(Panel::grid("", 2, [tones.into(), ripples.into(), onset]).into())
}

/// What the experiments found, in words.
fn said(answers: &Answers) -> String {
    let number = |x: Option<f64>, unit: &str| {
        x.map_or_else(
            || "none".to_owned(),
            |x| if x.abs() < 10.0 { format!("{x:.2}{unit}") } else { format!("{x:.0}{unit}") },
        )
    };
    format!(
        "Experiments on the model, on sounds that the animal may never have heard. Tones: level (dB below the loudest \
         recorded sound) against frequency (kHz), best {}, threshold {}. Ripples: cycles per octave against cycles per \
         second. Noise burst: latency {}, adaptation {}. Rare against common tones: index {}. High against low contrast: \
         gain ratio {}.",
        number(answers.tones.best_frequency().map(Hertz::hz), " Hz"),
        number(answers.tones.threshold_db(0.2), " dB"),
        number(answers.bursts.latency.map(Millis::ms), " ms"),
        number(answers.bursts.adaptation, ""),
        number(answers.oddball.index, ""),
        number(answers.contrast.gain_ratio, ""),
    )
}
