//! `report.html` and the figures of a run of `fit`.

use ndarray::{Array2, ArrayView2};
use statenet::{
    candle::DType,
    core::ResponseUnit,
    data::GroundTruth,
    interp::{GradientMaps, agreement, draw_windows},
    metrics::{ComparisonOptions, PairComparison, compare_many, compare_with},
    models::Memory,
    prelude::*,
    report::{
        Bar, Bars, Cell, Heatmap, Interval, Page, Panel, RateUnit, Scatter, ScatterPoint, Section, Size,
        Strip, Strips, Svg, Table, Trace, Traces,
    },
    train::behind_front_end,
};

use super::{output::Output, summary::ModelSummary};
use crate::{
    reading::true_field,
    shared::{clusters, comparison_notes, comparison_table},
};

/// A model after its fit.
pub(crate) struct Fitted {
    /// The model.
    pub(crate) model: Box<dyn ResponseModel>,
    /// Predicted rates `(N, T)` for each test stimulus.
    pub(crate) rates: Vec<Array2<f32>>,
    /// The model's entry in the summary.
    pub(crate) summary: ModelSummary,
}

/// Everything that the report shows.
pub(crate) struct Scene<'a> {
    /// The recording with cochleagrams, smoothed.
    pub(crate) recording: &'a Recording,
    /// Mean and deviation of each band over training stimuli.
    pub(crate) scaling: &'a Standardization,
    /// The split.
    pub(crate) split: &'a Split,
    /// The ground truth of each neuron if the recording is simulated.
    pub(crate) truth: &'a [GroundTruth],
    /// The models.
    pub(crate) fitted: &'a [Fitted],
    /// The best model against the others.
    pub(crate) comparisons: &'a [PairComparison],
    /// Seed of the windows of sound for gradient maps.
    pub(crate) seed: u64,
}

/// Longest lag of a gradient map.
const MAP_MS: f64 = 200.0;
/// Sound before the lags of a map, which lets the state settle.
const WARM_UP_MS: f64 = 300.0;
/// Number of windows of sound over which a map is averaged.
const N_WINDOWS: usize = 64;

/// Writes `figures/*.svg` and `report.html`, and returns the tables of scores and of differences.
///
/// # Errors
/// If a figure cannot be drawn or a file cannot be written.
pub(crate) fn write_report(scene: &Scene<'_>, out: &Output) -> anyhow::Result<Vec<Table>> {
    let differences = comparison_table("CCnorm", scene.comparisons)?;
    let tables: Vec<Table> = [scores(scene)?].into_iter().chain(differences).collect();
    let recording = scene.recording;
    let mut page = Page::new(format!("Fit of {}", recording.name()))
        .subtitle("Models scored on held-out sounds")
        .fact("Neurons", recording.n_neurons().to_string())
        .fact(
            "Stimuli",
            format!(
                "{} for training, {} for validation, {} for testing",
                scene.split.train().len(),
                scene.split.val().len(),
                scene.split.test().len()
            ),
        )
        .fact("Time bin", format!("{} ms", recording.dt().ms()))
        .fact("Bands", recording.n_bands().to_string())
        .fact("Responses", recording.response_unit().as_str())
        .fact("PSTH", smoothing(recording))
        .fact("Seed", scene.seed.to_string());
    if let Some(citation) = &recording.description().citation {
        page = page.fact("Data", citation.clone());
    }
    let mut figures = Figures { out };
    page = page.section(score_section(scene, &tables, &mut figures)?);
    page = page.section(prediction_section(scene, &mut figures)?);
    page = page.section(field_section(scene, &mut figures)?);
    page = page.section(training_section(scene, &mut figures)?);
    page.write(out.path("report.html"))?;
    Ok(tables)
}

/// How the responses were smoothed, in words.
fn smoothing(recording: &Recording) -> String {
    match recording.smoothing() {
        None | Some(Smoothing::None) => "as recorded".to_owned(),
        Some(Smoothing::Hann { width }) => {
            format!("smoothed by a Hann window of {} ms, unit gain", width.ms())
        }
        Some(_) => "smoothed".to_owned(),
    }
}

/// Writes each figure of the page to a file as well.
struct Figures<'a> {
    out: &'a Output,
}

impl Figures<'_> {
    fn keep(&mut self, name: &str, svg: Svg) -> anyhow::Result<Svg> {
        svg.write(self.out.path("figures").join(format!("{name}.svg")))?;
        Ok(svg)
    }
}

fn interval(ci: Option<[f64; 2]>) -> Option<Interval> {
    ci.map(|[low, high]| Interval::new(low, high))
}

/// The table of models.
fn scores(scene: &Scene<'_>) -> anyhow::Result<Table> {
    let mut table = Table::new([
        "Model",
        "Parameters",
        "CCraw",
        "CCnorm [95 %]",
        "Median",
        "FVE",
        "Neurons",
        "Weak",
        "Seconds",
        "Epochs",
        "Stopped",
    ]);
    for Fitted { summary, .. } in scene.fitted {
        let test = &summary.test;
        let stopped = match summary.stopped {
            statenet::train::Stopped::Converged => "converged",
            statenet::train::Stopped::MaxEpochs => "max epochs",
            statenet::train::Stopped::AsPlanned => "as planned",
        };
        table.push([
            summary.label().into(),
            summary.parameters.into(),
            Cell::number(test.cc_mean, 3),
            Cell::estimate(test.ccnorm_mean, interval(test.ccnorm_ci95), 3),
            Cell::number(test.ccnorm_median, 3),
            Cell::number(test.fve_mean, 3),
            format!("{}/{}", test.n_ccnorm(), test.per_neuron.len()).into(),
            test.n_weak.into(),
            Cell::number(summary.seconds_fit, 1),
            summary.epochs_run.into(),
            stopped.into(),
        ])?;
    }
    Ok(table)
}

/// The model with the highest mean CCnorm against each other model, neuron by neuron.
pub(crate) fn comparisons(fitted: &[Fitted], recording: &Recording) -> Vec<PairComparison> {
    let Some(best) = best_of(fitted.iter()) else { return Vec::new() };
    let best = &best.summary;
    let labels: Vec<String> = fitted.iter().map(|f| f.summary.label()).collect();
    let others: Vec<(&str, &Evaluation)> = fitted
        .iter()
        .zip(&labels)
        .filter(|(f, _)| !std::ptr::eq(&f.summary, best))
        .map(|(f, label)| (label.as_str(), &f.summary.test))
        .collect();
    let name = best.label();
    compare_with((&name, &best.test), &others, &clusters(recording), &ComparisonOptions::default())
}

/// The model with the highest mean CCnorm.
fn best_of<'a>(models: impl Iterator<Item = &'a Fitted>) -> Option<&'a Fitted> {
    let score = |f: &Fitted| f.summary.test.ccnorm_mean.unwrap_or(f64::NEG_INFINITY);
    models.max_by(|a, b| score(a).total_cmp(&score(b)))
}

fn score_section(scene: &Scene<'_>, tables: &[Table], figures: &mut Figures<'_>) -> anyhow::Result<Section> {
    let bars = scene.fitted.iter().map(|f| {
        let test = &f.summary.test;
        Bar::new(f.summary.label(), test.ccnorm_mean, interval(test.ccnorm_ci95))
    });
    let strips = scene
        .fitted
        .iter()
        .map(|f| Strip::new(f.summary.label(), f.summary.test.per_neuron.iter().map(|n| n.ccnorm)));
    let bars = figures.keep("scores", Bars::new("Mean over neurons", "CCnorm", bars).render())?;
    let strips = figures.keep("scores-by-neuron", Strips::new("Each neuron", "CCnorm", strips).render())?;
    let mut section = Section::new("Scores");
    if scene.fitted.iter().any(|f| f.summary.refit.is_some()) {
        section = section.paragraph(
            "Models marked (refit) were fitted to training and validation stimuli together, for the epochs (of ridge: with the lags and \
             penalties) that a fit to the training stimuli found by the validation score. Fits without this mark had fewer sounds.",
        );
    }
    section = section
        .paragraph(
            "CCraw is the correlation of predicted rate and PSTH over all test bins of a neuron; CCnorm is the correlation \
             within stimuli relative to its noise ceiling; FVE is the fraction of variance explained. The interval is a \
             bootstrap over neurons and over half-second blocks of the test sounds.",
        )
        .paragraph(
            "Neurons is the number that has a CCnorm, of all: only these are in its mean and median. Weak is how many of them have a \
             signal power that is not above twice its standard error. The CCnorm of such a neuron can be far from the truth and move the \
             mean; the median is little moved. --min-signal-power leaves weak neurons out.",
        )
        .paragraph(
            "The second table compares the best model with each other model, neuron by neuron, over the neurons that have a CCnorm in \
             both: a bootstrap interval of the mean, Wilcoxon's signed-rank test, the sign-flip test of the mean, and its p corrected for the \
             number of comparisons (Holm). All treat the test sounds as fixed.",
        );
    section = comparison_notes(scene.comparisons).into_iter().fold(section, Section::paragraph);
    if let Some(left_out) = scene.fitted.first().and_then(|f| f.summary.test.left_out()) {
        section = left_out.lines().fold(section, Section::paragraph);
    }
    section = tables.iter().fold(section, |section, table| section.table(table.clone()));
    section = section
        .figure(bars, "Mean CCnorm on test stimuli with its 95 % interval.")
        .figure(strips, "CCnorm of every neuron.");
    let best_by = |stateless: bool| {
        best_of(scene.fitted.iter().filter(|f| (f.model.memory() != Memory::Unbounded) == stateless))
    };
    if let (Some(windowed), Some(stateful)) = (best_by(true), best_by(false)) {
        let (x, y) = (&windowed.summary, &stateful.summary);
        let points = x.test.per_neuron.iter().zip(&y.test.per_neuron);
        let points = points.map(|(a, b)| ScatterPoint::new(a.id.clone(), a.ccnorm, b.ccnorm));
        let label = |s: &ModelSummary| format!("CCnorm of {}", s.label());
        let scatter = Scatter::new("With and without state", label(x), label(y), points).render();
        let names = [y.label(), x.label()];
        let both = [(names[0].as_str(), &y.test), (names[1].as_str(), &x.test)];
        let comparison = compare_many(&both, &clusters(scene.recording), &ComparisonOptions::default());
        let numbers = comparison.first().map(|c| (c.n, c.mean, c.ci95, c.p));
        let caption = match numbers {
            Some((n, Some(difference), Some([low, high]), Some(p))) => format!(
                "{} minus {}: {difference:+.3} [{low:+.3}, {high:+.3}] over {n} neurons, sign-flip p = {p:.2e}.",
                names[0], names[1]
            ),
            _ => format!("{} against {}, neuron by neuron.", y.label(), x.label()),
        };
        section = section.figure(figures.keep("with-and-without-state", scatter)?, caption);
    }
    Ok(section)
}

/// The neurons to show: those with the best, median and worst CCnorm of the best model.
fn shown_neurons(scene: &Scene<'_>) -> Vec<(usize, &'static str)> {
    let Some(best) = best_of(scene.fitted.iter()) else { return Vec::new() };
    let mut ranked: Vec<(usize, f64)> =
        best.summary.test.per_neuron.iter().enumerate().filter_map(|(i, n)| Some((i, n.ccnorm?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let at = |i: usize| ranked.get(i).map(|&(n, _)| n);
    let places = [(0, "best"), (ranked.len() / 2, "median"), (ranked.len().saturating_sub(1), "worst")];
    let mut shown: Vec<(usize, &'static str)> = Vec::new();
    for (place, rank) in places {
        if let Some(neuron) = at(place).filter(|n| shown.iter().all(|(s, _)| s != n)) {
            shown.push((neuron, rank));
        }
    }
    if shown.is_empty() && scene.recording.n_neurons() > 0 {
        shown.push((0, "first"));
    }
    shown
}

fn prediction_section(scene: &Scene<'_>, figures: &mut Figures<'_>) -> anyhow::Result<Section> {
    let recording = scene.recording;
    let (dt, bands) = (recording.dt(), recording.bands());
    let mut section = Section::new("Predictions").paragraph(
        "The sound as the models receive it (standardised per band), the recorded PSTH and the predicted rates, for the \
         neurons with the best, median and worst CCnorm of the best model.",
    );
    let Some(&test) = scene.split.test().first() else { return Ok(section) };
    let stimulus = recording.stimulus(test)?;
    let (psth, valid) = stimulus.responses()?.psth();
    for (neuron, rank) in shown_neurons(scene) {
        let id = recording.neurons()[neuron].id();
        let mut sound = Heatmap::cochleagram(stimulus.name(), stimulus.cochleagram(), bands, dt)?;
        sound.unit = "Level (s.d. of band)".to_owned();
        let recorded =
            (0..stimulus.n_bins()).map(|t| if valid[(neuron, t)] { psth[(neuron, t)] } else { f32::NAN });
        let mut traces = vec![Trace::recorded("recorded", recorded)];
        for fitted in scene.fitted {
            traces.push(Trace::predicted(fitted.summary.label(), fitted.rates[0].row(neuron).to_vec()));
        }
        let traces = in_unit(Traces::new(id, traces, dt), recording.response_unit());
        let svg = Panel::shared_time("", [sound.into(), traces.into()]).render();
        let scores: Vec<String> = scene
            .fitted
            .iter()
            .map(|f| {
                let score = f.summary.test.per_neuron[neuron].ccnorm;
                format!(
                    "{} {}",
                    f.summary.label(),
                    score.map_or_else(|| "-".to_owned(), |s| format!("{s:.2}"))
                )
            })
            .collect();
        let caption =
            format!("Neuron {id} ({rank}), stimulus {}. CCnorm: {}.", stimulus.name(), scores.join(", "));
        section = section.figure(figures.keep(&format!("prediction-{rank}"), svg)?, caption);
    }
    Ok(section)
}

/// Traces in spikes per second, or in the unit of continuous responses.
fn in_unit(mut traces: Traces, unit: &ResponseUnit) -> Traces {
    if unit.is_spikes() {
        return traces.in_spikes_per_second();
    }
    traces.unit = RateUnit::Other(unit.label());
    traces
}

fn field_section(scene: &Scene<'_>, figures: &mut Figures<'_>) -> anyhow::Result<Section> {
    let mut section = Section::new("Receptive fields").paragraph(format!(
        "Weights of models with a receptive field, and gradient maps (d rate / d sound) of models with a state, averaged \
         over {N_WINDOWS} windows of training sounds. Lag 0 is at the right; red excites, blue suppresses.{}",
        if scene.truth.is_empty() { "" } else { " The true receptive fields of these simulated neurons are known." }
    ));
    let neurons: Vec<usize> = match scene.truth {
        [] => shown_neurons(scene).into_iter().map(|(n, _)| n).collect(),
        truth => one_of_each_kind(truth),
    };
    let fields = scene.fitted.iter().map(|f| {
        let maps = maps_of(f, scene, &neurons)?;
        Ok(maps.map(|maps| (f.summary.label(), maps)))
    });
    let fields: Vec<_> = fields.collect::<anyhow::Result<Vec<_>>>()?.into_iter().flatten().collect();
    for (row, &neuron) in neurons.iter().enumerate() {
        let id = scene.recording.neurons()[neuron].id();
        let mut maps = Vec::new();
        let mut agreements = Vec::new();
        let truth = scene.truth.get(neuron).map(|t| true_field(t, scene.scaling));
        let deepest = fields.iter().map(|(_, of_neurons)| of_neurons[row].ncols()).max().unwrap_or(1);
        let n_lags = truth.as_ref().map_or(deepest, Array2::ncols);
        if let Some(truth) = &truth {
            let mut figure = heatmap("true receptive field", truth.view(), n_lags, scene)?;
            figure.unit = "drive per s.d.".to_owned();
            maps.push(figure);
        }
        for (name, of_neurons) in &fields {
            let map = &of_neurons[row];
            maps.push(heatmap(name, map.view(), n_lags, scene)?);
            if let Some(cosine) = truth.as_ref().and_then(|t| agreement::cosine(map.view(), t.view())) {
                agreements.push(format!("{name} {cosine:.2}"));
            }
        }
        let svg = Panel::grid("", 3, maps.into_iter().map(Into::into)).render();
        let mut caption = format!("Neuron {id}.");
        if !agreements.is_empty() {
            caption.push_str(&format!(" Cosine with the true receptive field: {}.", agreements.join(", ")));
        }
        section = section.figure(figures.keep(&format!("fields-{row}"), svg)?, caption);
    }
    Ok(section)
}

/// The first neuron of each simulated kind.
fn one_of_each_kind(truth: &[GroundTruth]) -> Vec<usize> {
    let first = |(i, t): (usize, &GroundTruth)| {
        truth.iter().position(|other| other.kind == t.kind).filter(|&first| first == i)
    };
    truth.iter().enumerate().filter_map(first).collect()
}

/// A map over `n_lags` lags; missing lags are left blank, further ones cut.
fn heatmap(
    title: &str,
    map: ArrayView2<'_, f64>,
    n_lags: usize,
    scene: &Scene<'_>,
) -> anyhow::Result<Heatmap> {
    let shown = Array2::from_shape_fn((map.nrows(), n_lags), |at| map.get(at).copied().unwrap_or(f64::NAN));
    // A front end of another number of bands has frequencies of its own.
    let bands = if map.nrows() == scene.recording.n_bands() { scene.recording.bands() } else { &[] };
    let mut figure = Heatmap::strf(title, shown.view(), bands, scene.recording.dt())?;
    figure.size = Size::new(190.0, 150.0);
    figure.unit = format!("{} per s.d.", scene.recording.response_unit());
    Ok(figure)
}

/// Receptive fields `(F, L)` of the given neurons: the weights, or gradient maps averaged over training sounds.
///
/// Of a model that hears, those of the stages behind its front end, over the front end's bands; `None` for one without bands.
fn maps_of(
    fitted: &Fitted,
    scene: &Scene<'_>,
    neurons: &[usize],
) -> anyhow::Result<Option<Vec<Array2<f64>>>> {
    if let Ok(fields) = receptive_fields(&*fitted.model) {
        return Ok(Some(neurons.iter().map(|&n| fields[n].clone()).collect()));
    }
    let behind = match fitted.model.config().input() {
        Input::Sound => behind_front_end(&*fitted.model, scene.recording)?,
        Input::Cochleagram => None,
    };
    let (model, recording) = match &behind {
        Some((model, recording)) => (&**model, recording),
        None if fitted.model.config().input() == Input::Sound => return Ok(None),
        None => (&*fitted.model, scene.recording),
    };
    let dt = recording.dt();
    let depth = dt.nearest_bins(Millis::new(MAP_MS)?);
    let sounds = recording.cochleagrams(scene.split.train())?;
    let longest = sounds.iter().map(ArrayView2::ncols).max().unwrap_or(1);
    let window = (depth + dt.nearest_bins(Millis::new(WARM_UP_MS)?)).min(longest);
    let windows = draw_windows(&sounds, N_WINDOWS, window, Seed::new(scene.seed), fitted.model.device())?;
    let windows = windows.to_dtype(DType::F32)?;
    let maps = gradient_maps(model, &windows, neurons)?;
    let mean = |m: &GradientMaps| m.mean().slice(ndarray::s![.., ..depth.min(window)]).to_owned();
    Ok(Some(maps.iter().map(mean).collect()))
}

fn training_section(scene: &Scene<'_>, figures: &mut Figures<'_>) -> anyhow::Result<Section> {
    let mut section = Section::new("Training")
        .paragraph("Loss on training stimuli and mean CCnorm on validation stimuli. The weights of the marked epoch were kept.");
    for Fitted { summary, .. } in scene.fitted.iter().filter(|f| f.summary.epochs_run > 0) {
        let score = summary.val_score.iter().map(|s| s.unwrap_or(f64::NAN)).collect::<Vec<_>>();
        let best = summary.best_epoch.checked_sub(1);
        let svg = Panel::training(&summary.name, summary.train_loss.clone(), score, "CCnorm", best).render();
        let name = format!("training-{}", summary.name);
        let mut caption =
            format!("{}: epoch {} of {} was kept.", summary.name, summary.best_epoch, summary.epochs_run);
        if let Some(refit) = &summary.refit {
            caption.push_str(&format!(
                " Refitted to {} training and validation stimuli for {} epochs, the epochs that led there.",
                refit.stimuli.len(),
                refit.train_loss.len()
            ));
        }
        section = section.figure(figures.keep(&name, svg)?, caption);
    }
    Ok(section)
}
