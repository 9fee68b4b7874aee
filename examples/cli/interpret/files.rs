//! `interpretation.json`, `maps/NEURON.npz` and `sounds/NEURON.wav`. Their names and fields are a contract.

use std::path::Path;

use ndarray::{Array1, Array2, ArrayD};
use serde::Serialize;
use serde_json::json;
use statenet::{
    core::SampleRate,
    data::{write_npz, write_wav},
    interp::{
        Estimate,
        dreams::{Carrier, Level, Listen},
    },
    prelude::*,
};

use super::{
    analysis::{Finding, hearing},
    args::InterpretArgs,
    loaded_model::Subject,
};
use crate::output::write_json;

/// The text of `interpretation.json`. Every number is `{"value", "ci95"}`; what was not looked for is `null`.
#[derive(Serialize)]
struct Interpretation<'a> {
    model: String,
    recording: &'a str,
    dt_ms: f64,
    seed: u64,
    split: &'a Split,
    methods: Vec<&'static str>,
    /// Best predicted first.
    neurons: Vec<NeuronEntry<'a>>,
}

#[derive(Serialize)]
struct NeuronEntry<'a> {
    id: &'a str,
    maps: String,
    ccnorm: Estimate,
    best_frequency_hz: Option<Estimate<Hertz>>,
    bandwidth_octaves: Option<Estimate>,
    latency_ms: Option<Estimate<Millis>>,
    duration_ms: Option<Estimate<Millis>>,
    separability: Option<Estimate>,
    balance: Option<Estimate>,
    memory_ms: MemoryEntry,
    /// CCnorm on test stimuli with limited history; the last is the whole sound, `null` ms.
    accuracy_by_history: Option<Vec<serde_json::Value>>,
    /// Cosine of gradient map and true field; only where the truth is known.
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
    fn of(finding: &'a Finding) -> Self {
        let tuning = finding.maps.as_ref().map(|maps| &maps.tuning);
        let memory = finding.memory.as_ref().map(|memory| &memory.memory);
        Self {
            id: &finding.id,
            maps: map_file(&finding.id),
            ccnorm: plain(finding.score.ccnorm),
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
            accuracy_by_history: (!finding.accuracy.is_empty()).then(|| {
                let entry = |&(ms, ccnorm): &(f64, Option<f64>)| {
                    json!({"history_ms": ms.is_finite().then_some(ms), "ccnorm": plain(ccnorm)})
                };
                finding.accuracy.iter().map(entry).collect()
            }),
            agreement: finding.maps.as_ref().and_then(|maps| maps.agreement),
            dstrf: finding.fields.as_ref().map(|fields| {
                json!({
                    "dimensionality": plain(fields.dimensionality),
                    "gain_change": plain(fields.changes.as_ref().map(|c| c.gain)),
                    "shape_change": plain(fields.changes.as_ref().map(|c| c.shape)),
                    "hold_ms": plain(fields.changes.as_ref().map(|c| c.hold as f64 * fields.dt_ms)),
                })
            }),
            dream: finding.dreams.as_ref().and_then(|(dreams, recorded)| {
                let best = dreams.first()?;
                Some(json!({
                    "response": plain(best.response),
                    "best_recorded": plain(recorded.response),
                    "starts": dreams.len(),
                }))
            }),
            experiments: finding.answers.as_ref().map(|answers| {
                let last = answers.tones.levels_db.len().saturating_sub(1);
                json!({
                    "best_frequency_hz": plain(answers.tones.best_frequency().map(Hertz::hz)),
                    "threshold_db": plain(answers.tones.threshold_db(0.2)),
                    "bandwidth_octaves": plain(answers.tones.bandwidth_octaves(last)),
                    "best_velocity_hz": plain(answers.ripples.best().map(|(velocity, _)| velocity)),
                    "best_density": plain(answers.ripples.best().map(|(_, density)| density)),
                    "latency_ms": plain(answers.bursts.latency.map(Millis::ms)),
                    "adaptation": plain(answers.bursts.adaptation),
                    "stimulus_specific_adaptation": plain(answers.oddball.index),
                    "gain_ratio": plain(answers.contrast.gain_ratio),
                })
            }),
        }
    }
}

/// Where a neuron's arrays lie, within the folder.
fn map_file(id: &str) -> String {
    format!("maps/{id}.npz")
}

/// Writes all arrays and numbers.
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    args: &InterpretArgs,
    subject: &Subject,
    findings: &[Finding],
    out: &Path,
) -> anyhow::Result<()> {
    for finding in findings {
        let arrays = arrays(finding);
        let views: Vec<_> = arrays.iter().map(|(name, array)| (*name, array.view())).collect();
        write_npz(&out.join(map_file(&finding.id)), &views)?;
    }
    write_sounds(args, subject, findings, out)?;
    let interpretation = Interpretation {
        model: subject.model.config().slug(),
        recording: subject.recording.name(),
        dt_ms: subject.recording.dt().ms(),
        seed: args.seed,
        split: &subject.split,
        methods: args.methods.names(),
        neurons: findings.iter().map(NeuronEntry::of).collect(),
    };
    write_json(&out.join("interpretation.json"), &interpretation)
}

/// Writes something to listen to for each dream: noise in its bands, about as loud as they are.
fn write_sounds(
    args: &InterpretArgs,
    subject: &Subject,
    findings: &[Finding],
    out: &Path,
) -> anyhow::Result<()> {
    const RATE_HZ: f64 = 44_100.0;
    if findings.iter().all(|finding| finding.dreams.is_none()) {
        return Ok(());
    }
    let bands = hearing(subject)?;
    let Some(highest) = bands.centers.last() else { return Ok(()) };
    let rate_hz = RATE_HZ.max(2.2 * highest.hz());
    let listen = Listen {
        sample_rate: Hertz::new(rate_hz)?,
        dt: bands.dt,
        band_centers: bands.centers.clone(),
        level: Level::Decibels,
        carrier: Carrier::Noise,
        seed: Seed::new(args.seed),
    };
    for finding in findings {
        let Some(dream) = finding.dreams.as_ref().and_then(|(dreams, _)| dreams.first()) else { continue };
        let decibels = dream.sound.mapv(|x| ((f64::from(x) - bands.reference) / bands.per_decibel) as f32);
        let samples = listen.samples(decibels.view())?;
        let path = out.join("sounds").join(format!("{}.wav", finding.id));
        write_wav(&path, &samples, SampleRate::new(rate_hz)?)?;
    }
    Ok(())
}

/// The arrays of a neuron: fields `(F, L)` with lag 0 first, dreams `(F, T)`, curves over lags or steps.
fn arrays(finding: &Finding) -> Vec<(&'static str, ArrayD<f64>)> {
    let mut arrays: Vec<(&'static str, ArrayD<f64>)> = Vec::new();
    let mut field = |name, field: &Array2<f64>| arrays.push((name, field.clone().into_dyn()));
    if let Some(recorded) = &finding.recorded {
        field("recorded", recorded);
    }
    if let Some(truth) = &finding.truth {
        field("truth", truth);
    }
    if let Some(maps) = &finding.maps {
        field("gradmap", &maps.recorded.mean());
        field("gradmap_spread", &maps.recorded.spread());
        field("gradmap_null", &maps.null);
    }
    if let Some(fields) = &finding.fields {
        field("dstrf_mean", &fields.mean);
        field("dstrf_excitatory", &fields.excitatory);
        field("dstrf_inhibitory", &fields.inhibitory);
    }
    if let Some((dreams, recorded)) = &finding.dreams {
        if let Some(best) = dreams.first() {
            field("dream", &best.sound.mapv(f64::from));
        }
        field("best_recorded", &recorded.cochleagram.mapv(f64::from));
    }
    if let Some(answers) = &finding.answers {
        field("frequency_response_area", &answers.tones.evoked_hz);
        field("modulation_transfer", &answers.ripples.locked_hz);
    }
    let mut curve = |name, values: &[f64]| arrays.push((name, Array1::from(values.to_vec()).into_dyn()));
    if let Some(best) = finding.dreams.as_ref().and_then(|(dreams, _)| dreams.first()) {
        curve("dream_course", &best.course);
    }
    if let Some(memory) = &finding.memory {
        curve("memory_gradient", &memory.curves.gradient);
        curve("forgetting", &memory.curves.forgetting);
        curve("truncation", &memory.curves.truncation);
    }
    arrays
}
