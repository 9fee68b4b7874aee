//! Oddball sequences: stimulus-specific adaptation.
//!
//! ```text
//! SI = (d(f1) + d(f2) - s(f1) - s(f2)) / (d(f1) + d(f2) + s(f1) + s(f2))
//! ```
//! d and s are the rates evoked by a tone where it is rare (deviant) and where it is common (standard); Ulanovsky, Las &
//! Nelken 2003, Nature Neuroscience 6:391. The index is 0 for a neuron whose responses do not depend on rarity, 1 for one
//! that responds to rare tones only.

use statenet_core::{Hertz, Millis, Seed};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// Two sequences of the same two tones, with the rare and the common tone exchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oddball {
    /// The two frequencies, both of which should excite the neuron.
    pub frequencies: [Hertz; 2],
    /// Level, decibels.
    pub level_db: f64,
    /// Probability of the rare tone.
    pub rare: f64,
    /// Tones per sequence.
    pub n_tones: usize,
    /// Length of a tone, over which the rate is averaged.
    pub duration: Millis,
    /// Silence after a tone.
    pub gap: Millis,
    /// Silence before the first tone.
    pub lead: Millis,
    /// Seed of the order of tones.
    pub seed: Seed,
}

/// A neuron's responses to rare and common tones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StimulusSpecificAdaptation {
    /// The neuron.
    pub neuron: usize,
    /// Evoked rate of each tone where it is rare, spikes per second.
    pub rare_hz: [f64; 2],
    /// Evoked rate of each tone where it is common, spikes per second.
    pub common_hz: [f64; 2],
    /// The index of stimulus-specific adaptation; `None` unless the evoked rates sum to more than 0.
    pub index: Option<f64>,
}

/// Plays a sequence in which the second tone is rare, and the same one with the tones exchanged.
///
/// Evoked rates are relative to the rate in silence before the first tone. The first three tones are left out, since
/// adaptation has not settled by then.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn oddball(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    set: &Oddball,
    neurons: &[usize],
) -> Result<Vec<StimulusSpecificAdaptation>> {
    const SETTLING: usize = 3;
    let mut stream = set.seed.stream("oddball");
    let is_rare: Vec<bool> = (0..set.n_tones).map(|_| stream.unit() < set.rare).collect();
    let period_ms = set.duration.ms() + set.gap.ms();
    let start = |tone: usize| Millis::new(set.lead.ms() + tone as f64 * period_ms).unwrap_or(set.lead);
    let sequence = |rare: usize| Sound {
        duration: start(set.n_tones),
        parts: is_rare
            .iter()
            .enumerate()
            .map(|(tone, &is_rare)| {
                let frequency = if is_rare { set.frequencies[rare] } else { set.frequencies[1 - rare] };
                let (start, carrier) = (start(tone), Carrier::Tone(frequency));
                Part { carrier, level_db: set.level_db, start, stop: plus(start, set.duration) }
            })
            .collect(),
    };
    let played = Presentation::of(model, front_end, &[sequence(0), sequence(1)], neurons)?;
    let half = Millis::new(0.5 * set.lead.ms()).unwrap_or(set.lead);
    let of = |(i, &neuron): (usize, &usize)| {
        let evoked = |sequence: usize, rare: bool| {
            let tones = is_rare.iter().enumerate().skip(SETTLING).filter(|(_, is_rare)| **is_rare == rare);
            let rates: Vec<f64> = tones
                .map(|(tone, _)| played.mean(sequence, i, start(tone), plus(start(tone), set.duration)))
                .collect();
            rates.iter().sum::<f64>() / rates.len().max(1) as f64 - played.mean(sequence, i, half, set.lead)
        };
        // Tone f is rare in sequence f and common in the other.
        let rare_hz = [evoked(0, true), evoked(1, true)];
        let common_hz = [evoked(1, false), evoked(0, false)];
        let (rare, common) = (rare_hz[0] + rare_hz[1], common_hz[0] + common_hz[1]);
        let index = (rare + common > 0.0).then(|| (rare - common) / (rare + common));
        StimulusSpecificAdaptation { neuron, rare_hz, common_hz, index }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}
