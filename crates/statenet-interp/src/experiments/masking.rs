//! Forward masking: a tone after a tone.
//!
//! ```text
//! masking[d] = 1 - (r(masker, probe d later) - r(masker alone)) / (r(probe alone) - r(silence))     over the probe
//! ```
//! 0 where the masker changes nothing, 1 where the probe is no longer heard (Brosch & Schreiner 1997, J Neurophysiol
//! 77:923), below 0 where it facilitates.

use statenet_core::{Hertz, Millis};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// A masker, and probes after it.
#[derive(Clone, Debug, PartialEq)]
pub struct ForwardMasking {
    /// Frequency of the masker.
    pub masker: Hertz,
    /// Frequency of the probe.
    pub probe: Hertz,
    /// Level of both, decibels.
    pub level_db: f64,
    /// Silence before the masker.
    pub lead: Millis,
    /// Length of the masker.
    pub masker_duration: Millis,
    /// Length of the probe, over which the rate is averaged.
    pub probe_duration: Millis,
    /// From the masker's end to the probe's beginning, shortest first.
    pub delays: Vec<Millis>,
}

/// How a masker changes what a neuron answers to a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskingCurve {
    /// The neuron.
    pub neuron: usize,
    /// Delays of the probe.
    pub delays: Vec<Millis>,
    /// Masking at each delay; `None` where the probe alone evokes nothing.
    pub masking: Vec<Option<f64>>,
}

/// Plays masker and probe, each alone and together, at every delay.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn forward_masking(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    set: &ForwardMasking,
    neurons: &[usize],
) -> Result<Vec<MaskingCurve>> {
    let masker_stop = plus(set.lead, set.masker_duration);
    let longest = set.delays.iter().copied().fold(Millis::whole::<0>(), |a, b| if b > a { b } else { a });
    let end = plus(plus(masker_stop, longest), set.probe_duration);
    let tone = |frequency: Hertz, start: Millis, stop: Millis| Part {
        carrier: Carrier::Tone(frequency),
        level_db: set.level_db,
        start,
        stop,
    };
    let masker = tone(set.masker, set.lead, masker_stop);
    let probe = |delay: Millis| {
        let start = plus(masker_stop, delay);
        tone(set.probe, start, plus(start, set.probe_duration))
    };
    let sound = |parts: Vec<Part>| Sound { duration: end, parts };
    // Silence, the masker, then probe alone and both at every delay.
    let mut sounds = vec![sound(Vec::new()), sound(vec![masker])];
    for &delay in &set.delays {
        sounds.extend([sound(vec![probe(delay)]), sound(vec![masker, probe(delay)])]);
    }
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let of = |(i, &neuron): (usize, &usize)| {
        let masking = |(d, &delay): (usize, &Millis)| {
            let Part { start, stop, .. } = probe(delay);
            let mean = |sound: usize| played.mean(sound, i, start, stop);
            let alone = mean(2 + 2 * d) - mean(0);
            (alone > 0.0).then(|| 1.0 - (mean(3 + 2 * d) - mean(1)) / alone)
        };
        let masking = set.delays.iter().enumerate().map(masking).collect();
        MaskingCurve { neuron, delays: set.delays.clone(), masking }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

impl MaskingCurve {
    /// The first delay at which at most half of the masking at the shortest delay is left; `None` if there is none.
    #[must_use]
    pub fn half_recovery(&self) -> Option<Millis> {
        let first = self.masking.first().copied().flatten().filter(|&masking| masking > 0.0)?;
        let half = self.masking.iter().position(|m| m.is_some_and(|masking| masking <= 0.5 * first))?;
        self.delays.get(half).copied()
    }
}
