//! Writes `interpretation.json`, and with file names made from ids (`maps` in the JSON says which) `maps/NEURON.npz`, `sounds/NEURON.wav` and, for a model that hears, `sounds/NEURON-samples.wav`. Scripts rely on their names and fields: do not
//! rename them.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayD};
use serde::Serialize;
use serde_json::json;
use statenet::{
    core::{ResponseUnit, SampleRate},
    data::{write_npz, write_wav},
    interp::{
        Estimate,
        dreams::{BandCarrier, Level, Sonification},
    },
    metrics::Reasons,
    prelude::*,
};

use super::{
    analysis::{NeuronAnalysis, band_front_end},
    args::InterpretArgs,
    loaded_model::LoadedModel,
};
use crate::shared::{Warnings, write_json};

/// The content of `interpretation.json`. Every number is `{"value", "ci95"}`; results of methods that were not run are
/// `null`.
#[derive(Serialize)]
struct Interpretation<'a> {
    model: String,
    recording: &'a str,
    dt_ms: f64,
    response_unit: &'a ResponseUnit,
    seed: u64,
    split: &'a Split,
    methods: Vec<&'static str>,
    /// Best predicted first.
    neurons: Vec<NeuronEntry<'a>>,
    warnings: &'a Warnings,
}

#[derive(Serialize)]
struct NeuronEntry<'a> {
    id: &'a str,
    maps: String,
    ccnorm: Estimate,
    /// Why scores are undefined, as in the `per_neuron` of `summary.json`.
    #[serde(skip_serializing_if = "Reasons::is_empty")]
    undefined: Reasons,
    best_frequency_hz: Option<Estimate<Hertz>>,
    bandwidth_octaves: Option<Estimate>,
    latency_ms: Option<Estimate<Millis>>,
    duration_ms: Option<Estimate<Millis>>,
    separability: Option<Estimate>,
    balance: Option<Estimate>,
    memory_ms: MemoryEntry,
    /// CCnorm on test stimuli with limited history; the last entry is the whole sound, with `null` ms.
    accuracy_by_history: Option<Vec<serde_json::Value>>,
    /// Cosine of the gradient map with the true receptive field; only for simulated neurons.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Estimate>,
    dstrf: Option<serde_json::Value>,
    dream: Option<serde_json::Value>,
    experiments: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct MemoryEntry {
    gradient: Option<Estimate<Millis>>,
    forgetting: Option<Estimate<Millis>>,
    truncation: Option<Estimate<Millis>>,
}

/// A number without an interval.
fn plain(value: impl Into<Option<f64>>) -> Estimate {
    Estimate { value: value.into(), ci95: None }
}

impl<'a> NeuronEntry<'a> {
    fn of(analysis: &'a NeuronAnalysis) -> Self {
        let tuning = analysis.maps.as_ref().map(|maps| &maps.tuning);
        let memory = analysis.memory.as_ref().map(|memory| &memory.memory);
        Self {
            id: &analysis.id,
            maps: map_file(&analysis.file),
            ccnorm: plain(analysis.score.ccnorm),
            undefined: analysis.score.undefined,
            best_frequency_hz: tuning.map(|t| t.best_frequency),
            bandwidth_octaves: tuning.map(|t| t.bandwidth_octaves),
            latency_ms: tuning.map(|t| t.latency),
            duration_ms: tuning.map(|t| t.duration),
            separability: tuning.map(|t| t.separability),
            balance: tuning.map(|t| t.balance),
            memory_ms: MemoryEntry {
                gradient: memory.map(|m| m.gradient),
                forgetting: memory.map(|m| m.forgetting),
                truncation: memory.map(|m| m.truncation),
            },
            accuracy_by_history: (!analysis.accuracy.is_empty()).then(|| {
                let entry = |&(ms, ccnorm): &(f64, Option<f64>)| {
                    json!({"history_ms": ms.is_finite().then_some(ms), "ccnorm": plain(ccnorm)})
                };
                analysis.accuracy.iter().map(entry).collect()
            }),
            agreement: analysis.maps.as_ref().and_then(|maps| maps.agreement),
            dstrf: analysis.fields.as_ref().map(|fields| {
                json!({
                    "dimensionality": plain(fields.dimensionality),
                    "gain_change": plain(fields.dynamics.as_ref().map(|d| d.gain_change)),
                    "shape_change": plain(fields.dynamics.as_ref().map(|d| d.shape_change)),
                    "hold_ms": plain(fields.dynamics.as_ref().map(|d| d.temporal_hold as f64 * fields.dt_ms)),
                })
            }),
            dream: analysis.dreams.as_ref().and_then(|(dreams, recorded)| {
                let best = dreams.first()?;
                Some(json!({
                    "response": plain(best.response),
                    "best_recorded": plain(recorded.response),
                    "starts": dreams.len(),
                    "samples": analysis.heard.as_ref().map(|(dream, recorded)| json!({
                        "response": plain(dream.response),
                        "best_recorded": plain(recorded.response),
                    })),
                }))
            }),
            experiments: analysis.experiments.as_ref().map(|experiments| {
                let last = experiments.tones.levels_db.len().saturating_sub(1);
                json!({
                    "best_frequency_hz": plain(experiments.tones.best_frequency().map(Hertz::hz)),
                    "threshold_db": plain(experiments.tones.threshold_db(0.2)),
                    "bandwidth_octaves": plain(experiments.tones.bandwidth_octaves(last)),
                    "best_velocity_hz": plain(experiments.ripples.best().map(|(velocity, _)| velocity)),
                    "best_density": plain(experiments.ripples.best().map(|(_, density)| density)),
                    "latency_ms": plain(experiments.bursts.latency.map(Millis::ms)),
                    "adaptation": plain(experiments.bursts.adaptation),
                    "stimulus_specific_adaptation": plain(experiments.oddball.index),
                    "gain_ratio": plain(experiments.contrast.gain_ratio),
                })
            }),
        }
    }
}

/// Path of a neuron's arrays within the output folder.
fn map_file(file: &str) -> String {
    format!("maps/{file}.npz")
}

/// Writes all arrays and numbers.
///
/// # Errors
/// If a file cannot be written.
pub(crate) fn write(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &[NeuronAnalysis],
    out: &Path,
) -> anyhow::Result<()> {
    for analysis in analyses {
        let arrays = arrays(loaded, analysis)?;
        let views: Vec<_> = arrays.iter().map(|(name, array)| (*name, array.view())).collect();
        write_npz(out.join(map_file(&analysis.file)), &views)?;
    }
    write_sounds(args, loaded, analyses, out)?;
    let interpretation = Interpretation {
        model: loaded.slug(),
        recording: loaded.recording.name(),
        dt_ms: loaded.recording.dt().ms(),
        response_unit: loaded.recording.response_unit(),
        seed: args.seed,
        split: &loaded.split,
        methods: args.methods.names(),
        neurons: analyses.iter().map(NeuronEntry::of).collect(),
        warnings: &loaded.warnings,
    };
    write_json(&out.join("interpretation.json"), &interpretation)
}

/// Writes a sonification of each neuron's best dream: band-limited noise with the levels of the dream. For a model that hears also the
/// dream of samples, which needs no sonification.
fn write_sounds(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &[NeuronAnalysis],
    out: &Path,
) -> anyhow::Result<()> {
    const RATE_HZ: f64 = 44_100.0;
    if analyses.iter().all(|analysis| analysis.dreams.is_none()) {
        return Ok(());
    }
    if let Some(hearing) = &loaded.hearing {
        let rate = Sampling::of(hearing.model.config().axes()?)?.rate();
        for analysis in analyses {
            let Some((dream, _)) = &analysis.heard else { continue };
            let path = out.join("sounds").join(format!("{}-samples.wav", analysis.file));
            write_wav(&path, &dream.samples(), rate)?;
        }
    }
    let bands = band_front_end(loaded)?;
    let Some(highest) = bands.centers.last() else { return Ok(()) };
    let rate_hz = RATE_HZ.max(2.2 * highest.hz());
    let sonification = Sonification {
        sample_rate: Hertz::new(rate_hz)?,
        dt: bands.dt,
        band_centers: bands.centers.clone(),
        level: Level::Decibels,
        carrier: BandCarrier::Noise,
        seed: Seed::new(args.seed),
    };
    for analysis in analyses {
        let Some(dream) = analysis.dreams.as_ref().and_then(|(dreams, _)| dreams.first()) else { continue };
        let sound = loaded.in_deviations(dream.sound.view())?;
        let decibels = sound.mapv(|x| ((f64::from(x) - bands.reference) / bands.per_decibel) as f32);
        let samples = sonification.samples(decibels.view())?;
        let path = out.join("sounds").join(format!("{}.wav", analysis.file));
        write_wav(&path, &samples, SampleRate::new(rate_hz)?)?;
    }
    Ok(())
}

/// The arrays of a neuron: receptive fields `(F, L)` with lag 0 first and dreams `(F, T)`, both in standard deviations of a band, curves
/// over lags or steps.
fn arrays(
    loaded: &LoadedModel,
    analysis: &NeuronAnalysis,
) -> anyhow::Result<Vec<(&'static str, ArrayD<f64>)>> {
    let mut arrays: Vec<(&'static str, ArrayD<f64>)> = Vec::new();
    let mut field = |name, field: &Array2<f64>| arrays.push((name, field.clone().into_dyn()));
    if let Some(recorded) = &analysis.recorded {
        field("recorded", recorded);
    }
    if let Some(truth) = &analysis.truth {
        field("truth", truth);
    }
    if let Some(maps) = &analysis.maps {
        field("gradmap", &maps.recorded.mean());
        field("gradmap_spread", &maps.recorded.spread());
        field("gradmap_null", &maps.null);
    }
    if let Some(fields) = &analysis.fields {
        field("dstrf_mean", &fields.mean);
        field("dstrf_excitatory", &fields.excitatory);
        field("dstrf_inhibitory", &fields.inhibitory);
    }
    if let Some((dreams, recorded)) = &analysis.dreams {
        if let Some(best) = dreams.first() {
            field("dream", &loaded.in_deviations(best.sound.view())?.mapv(f64::from));
        }
        let recorded = loaded.in_deviations(recorded.cochleagram.view())?;
        field("best_recorded", &recorded.mapv(f64::from));
    }
    if let Some(experiments) = &analysis.experiments {
        field("frequency_response_area", &experiments.tones.evoked_hz);
        field("modulation_transfer", &experiments.ripples.locked_hz);
    }
    let mut curve = |name, values: &[f64]| arrays.push((name, Array1::from(values.to_vec()).into_dyn()));
    if let Some(best) = analysis.dreams.as_ref().and_then(|(dreams, _)| dreams.first()) {
        curve("dream_course", &best.response_by_step);
    }
    if let Some(memory) = &analysis.memory {
        curve("memory_gradient", &memory.curves.gradient);
        curve("forgetting", &memory.curves.forgetting);
        curve("truncation", &memory.curves.truncation);
    }
    Ok(arrays)
}
