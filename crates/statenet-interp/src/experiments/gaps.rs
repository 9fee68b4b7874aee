//! Gap detection: the shortest gap in noise that changes the rate.
//!
//! ```text
//! change[g] = max |r_gap(t) - r_no_gap(t)|  in the time after the gap's end, for the same noise with and without the gap
//! ```

use statenet_core::{Millis, Seed};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Part, Sound, plus},
};
use crate::error::Result;

/// Noise with gaps in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gaps {
    /// Gap lengths, shortest first.
    pub gaps: Vec<Millis>,
    /// Level of the noise, decibels.
    pub level_db: f64,
    /// Noise before the gap.
    pub before: Millis,
    /// Time after the gap in which the rates are compared.
    pub after: Millis,
    /// Draws of the noise, over which changes are averaged.
    pub n_draws: usize,
    /// Seed of the noise.
    pub seed: Seed,
}

/// A neuron's response to gaps in noise.
#[derive(Clone, Debug, PartialEq)]
pub struct GapResponse {
    /// The neuron.
    pub neuron: usize,
    /// Gap lengths.
    pub gaps: Vec<Millis>,
    /// Largest change of the rate after each gap, averaged over draws, spikes per second.
    pub change_hz: Vec<f64>,
}

/// Plays noise without and with each gap.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn gap_response(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    gaps: &Gaps,
    neurons: &[usize],
) -> Result<Vec<GapResponse>> {
    let longest = gaps.gaps.iter().copied().fold(Millis::whole::<0>(), |a, b| if b > a { b } else { a });
    let end = plus(plus(gaps.before, longest), gaps.after);
    let zero = Millis::whole::<0>();
    // All gaps end at the same time, so that the noise after them is the same.
    let back = plus(gaps.before, longest);
    let noise = |draw: usize, start: Millis, stop: Millis| {
        let carrier = Carrier::Noise(gaps.seed.child(&format!("gap/{draw}/{}", u8::from(start > zero))));
        Part { carrier, level_db: gaps.level_db, start, stop }
    };
    let mut sounds = Vec::new();
    for draw in 0..gaps.n_draws {
        for &gap in std::iter::once(&zero).chain(&gaps.gaps) {
            let stop = Millis::new(back.ms() - gap.ms()).unwrap_or(zero);
            sounds
                .push(Sound { duration: end, parts: vec![noise(draw, zero, stop), noise(draw, back, end)] });
        }
    }
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let (n, looked_at) = (gaps.gaps.len() + 1, played.bins(back, end));
    let change = |i: usize, gap: usize, draw: usize| {
        let (whole, with) = (played.rate(draw * n, i), played.rate(draw * n + gap + 1, i));
        let changes = with.iter().zip(&whole).map(|(a, b)| (a - b).abs());
        changes.take(looked_at.end).skip(looked_at.start).fold(0.0, f64::max)
    };
    let of = |(i, &neuron): (usize, &usize)| {
        let mean = |gap: usize| {
            (0..gaps.n_draws).map(|draw| change(i, gap, draw)).sum::<f64>() / gaps.n_draws.max(1) as f64
        };
        let change_hz = (0..gaps.gaps.len()).map(mean).collect();
        GapResponse { neuron, gaps: gaps.gaps.clone(), change_hz }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

impl GapResponse {
    /// The shortest gap that changes the rate by at least `share` of the largest change; `None` if no gap changes it.
    #[must_use]
    pub fn threshold(&self, share: f64) -> Option<Millis> {
        let largest = self.change_hz.iter().copied().fold(0.0, f64::max);
        let gap = self.change_hz.iter().position(|&change| largest > 0.0 && change >= share * largest)?;
        self.gaps.get(gap).copied()
    }
}
