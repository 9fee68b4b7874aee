//! Two-tone suppression: how a second tone changes the response to a first.
//!
//! ```text
//! suppression[l, f] = 1 - (r(probe and tone) - r(silence)) / (r(probe) - r(silence))
//! ```
//! Positive where the second tone suppresses the response, negative where it adds to it (Sachs & Kiang 1968, J Acoust Soc Am 43:1120).

use ndarray::Array2;
use statenet_core::{Hertz, Millis};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// A probe tone and second tones played with it.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoTones {
    /// Frequency of the probe; choose the neuron's best frequency.
    pub probe: Hertz,
    /// Level of the probe, decibels.
    pub probe_db: f64,
    /// Frequencies of the second tone.
    pub frequencies: Vec<Hertz>,
    /// Levels of the second tone, decibels.
    pub levels_db: Vec<f64>,
    /// Silence before both.
    pub lead: Millis,
    /// Length of both, over which the rate is averaged.
    pub duration: Millis,
}

/// How much of the probe's evoked rate a second tone suppresses.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoToneSuppression {
    /// The neuron.
    pub neuron: usize,
    /// Rate evoked by the probe alone, spikes per second.
    pub probe_hz: f64,
    /// Suppression, `(levels, frequencies)`; `None` if the probe does not raise the rate.
    pub suppression: Option<Array2<f64>>,
}

/// Plays the probe alone and with every second tone.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn two_tone_suppression(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    set: &TwoTones,
    neurons: &[usize],
) -> Result<Vec<TwoToneSuppression>> {
    let (start, stop) = (set.lead, plus(set.lead, set.duration));
    let tone =
        |frequency: Hertz, level_db: f64| Part { carrier: Carrier::Tone(frequency), level_db, start, stop };
    let probe = tone(set.probe, set.probe_db);
    let sound = |parts: Vec<Part>| Sound { duration: stop, parts };
    let mut sounds = vec![sound(Vec::new()), sound(vec![probe])];
    for &level_db in &set.levels_db {
        sounds.extend(set.frequencies.iter().map(|&frequency| sound(vec![probe, tone(frequency, level_db)])));
    }
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let n = set.frequencies.len();
    let of = |(i, &neuron): (usize, &usize)| {
        let evoked = |sound: usize| played.mean(sound, i, start, stop) - played.mean(0, i, start, stop);
        let probe_hz = evoked(1);
        let suppression = (probe_hz > 0.0).then(|| {
            Array2::from_shape_fn((set.levels_db.len(), n), |(level, frequency)| {
                1.0 - evoked(2 + level * n + frequency) / probe_hz
            })
        });
        TwoToneSuppression { neuron, probe_hz, suppression }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}
