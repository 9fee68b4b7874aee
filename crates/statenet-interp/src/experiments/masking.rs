//! Forward masking: how a tone changes the response to a later one.
//!
//! ```text
//! masking[d] = 1 - (r(masker, probe d later) - r(masker alone)) / (r(probe alone) - r(silence))   r averaged over the probe
//! ```
//! 0 if the masker has no effect, 1 if it abolishes the response to the probe, below 0 if it facilitates that response
//! (Brosch & Schreiner 1997, J Neurophysiol 77:923).

use statenet_core::{Hertz, Millis};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// A masker tone and probe tones after it.
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
    /// Delays from the masker's end to the probe's onset, shortest first.
    pub delays: Vec<Millis>,
}

/// How a masker changes a neuron's response to a probe.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskingCurve {
    /// The neuron.
    pub neuron: usize,
    /// Delays of the probe.
    pub delays: Vec<Millis>,
    /// Masking at each delay; `None` where the probe alone does not raise the rate.
    pub masking: Vec<Option<f64>>,
}

/// Plays masker and probe, alone and together, at each delay.
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
    // Silence, the masker, then for each delay the probe alone and both.
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
    /// The first delay at which masking has fallen to half of that at the shortest delay or less; `None` if it never does.
    #[must_use]
    pub fn half_recovery(&self) -> Option<Millis> {
        let first = self.masking.first().copied().flatten().filter(|&masking| masking > 0.0)?;
        let half = self.masking.iter().position(|m| m.is_some_and(|masking| masking <= 0.5 * first))?;
        self.delays.get(half).copied()
    }
}
