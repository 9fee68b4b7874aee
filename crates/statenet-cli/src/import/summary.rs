//! What `import.json` says. Scripts rely on the names of the fields: do not rename them.

use std::path::Path;

use serde::Serialize;
use statenet::{
    core::Warning,
    data::{Alignment, Stimulus},
    metrics::ceilings,
    prelude::*,
    train::{RecordedResponses, groups_of_neurons},
};

use crate::{
    reading::Raw,
    shared::{Warnings, seconds},
};

/// What was imported.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name of the recording.
    pub name: String,
    /// The format of the data.
    pub from: String,
    /// Where it was read.
    pub source: String,
    /// Number of neurons.
    pub neurons: usize,
    /// Number of stimuli.
    pub stimuli: usize,
    /// The largest number of repeats of a stimulus.
    pub repeats: usize,
    /// Seconds of all stimuli together.
    pub seconds: f64,
    /// Width of a bin, ms.
    pub dt_ms: f64,
    /// Mean rate over neurons, stimuli and repeats, spikes per second; null for responses that are not spikes.
    pub mean_rate_hz: Option<f64>,
    /// Median over neurons of the ratio of signal power to noise power of a single repeat; null where no neuron has repeats.
    pub snr: Option<f64>,
    /// How responses lie to the sound.
    pub alignment: Lag,
    /// What the data should have and lacks, or what was left out, a line each.
    pub missing: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<Warning>,
}

/// The lag of the responses behind the sound.
#[derive(Clone, Debug, Serialize)]
pub struct Lag {
    /// The lag, ms; null if it cannot be measured.
    pub lag_ms: Option<f64>,
    /// Its 95 % interval over stimuli, ms; null for a single one.
    pub ci95: Option<[f64; 2]>,
}

impl Lag {
    pub(super) fn of(alignment: &Alignment) -> Self {
        Self { lag_ms: alignment.lag_ms, ci95: alignment.ci95 }
    }
}

impl Summary {
    pub(super) fn of(
        recording: &Recording,
        raw: &Raw,
        source: &Path,
        alignment: Lag,
        warnings: &Warnings,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            name: recording.name().to_owned(),
            from: raw.format.name(),
            source: source.display().to_string(),
            neurons: recording.n_neurons(),
            stimuli: recording.n_stimuli(),
            repeats: recording.stimuli().iter().map(Stimulus::n_repeats).max().unwrap_or(0),
            seconds: seconds(recording),
            dt_ms: recording.dt().ms(),
            mean_rate_hz: mean_rate(recording)?,
            snr: median_snr(recording)?,
            alignment,
            missing: raw.recording.missing.clone(),
            warnings: warnings.as_slice().to_vec(),
        })
    }
}

/// Spikes per second, over everything that was recorded.
fn mean_rate(recording: &Recording) -> anyhow::Result<Option<f64>> {
    if !recording.response_unit().is_spikes() {
        return Ok(None);
    }
    let (mut spikes, mut bins) = (0.0, 0.0);
    for stimulus in recording.stimuli() {
        let responses = stimulus.responses()?;
        spikes += responses.values().iter().map(|&x| f64::from(x)).sum::<f64>();
        bins += responses.mask().view().iter().filter(|&&valid| valid).count() as f64;
    }
    Ok((bins > 0.0).then(|| spikes / bins / recording.dt().seconds()))
}

/// The median over the neurons that have a ratio of signal to noise.
fn median_snr(recording: &Recording) -> anyhow::Result<Option<f64>> {
    let all: Vec<usize> = (0..recording.n_stimuli()).collect();
    let mut ratios = Vec::new();
    for neurons in groups_of_neurons(recording, &all)? {
        let recorded = RecordedResponses::of_neurons(recording, &all, neurons)?;
        ratios.extend(ceilings::snr(&recorded.views()?)?.into_iter().flatten());
    }
    ratios.sort_by(f64::total_cmp);
    let middle = ratios.len() / 2;
    Ok(match ratios.len() % 2 {
        1 => ratios.get(middle).copied(),
        _ => ratios.get(middle).zip(ratios.get(middle.wrapping_sub(1))).map(|(a, b)| f64::midpoint(*a, *b)),
    })
}
