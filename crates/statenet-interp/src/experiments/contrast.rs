//! Contrast steps: adaptation of gain to contrast.
//!
//! ```text
//! gain[t] = standard deviation over draws of r(t) / spread of the chords' levels at t
//! ```
//! Random chords with low, then high, then low contrast (Rabinowitz, Willmore, Schnupp & King 2011, Neuron 70:1178). The
//! gain of a linear neuron is constant; gain control lowers it at high contrast, with a delay.

use statenet_core::{Millis, Seed, TimeBin};
use statenet_models::ResponseModel;

use super::{
    front_end::FrontEnd,
    presentation::Presentation,
    sound::{Carrier, Chords, Part, Sound, plus},
};
use crate::error::Result;

/// Random chords of low, high, and again low contrast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContrastSteps {
    /// Mean level, decibels.
    pub level_db: f64,
    /// Half the range of levels at low contrast, decibels.
    pub low_db: f64,
    /// Half the range of levels at high contrast, decibels.
    pub high_db: f64,
    /// Duration of each chord.
    pub chord: Millis,
    /// Duration of each of the three pieces.
    pub piece: Millis,
    /// Draws of the chord sequence, over which standard deviations are computed: at least 2, better some tens.
    pub n_draws: usize,
    /// Seed of the chords.
    pub seed: Seed,
}

/// How a neuron's gain changes with contrast.
#[derive(Clone, Debug, PartialEq)]
pub struct GainAdaptation {
    /// The neuron.
    pub neuron: usize,
    /// Width of a bin.
    pub dt: TimeBin,
    /// Standard deviation of the rate over draws, at each bin, spikes per second.
    pub deviation_hz: Vec<f64>,
    /// Gain in the last half of the high-contrast piece over gain in the last half of the first low-contrast piece: 1
    /// without gain control; `None` if the rate does not vary.
    pub gain_ratio: Option<f64>,
    /// Gain in the first tenth of the high-contrast piece over gain in its last half: above 1 if the gain falls with time.
    pub overshoot: Option<f64>,
}

/// Plays random chords whose contrast steps up and down.
///
/// # Errors
/// As [`frequency_response_area`](super::frequency_response_area).
pub fn contrast_steps(
    model: &dyn ResponseModel,
    front_end: &dyn FrontEnd,
    set: &ContrastSteps,
    neurons: &[usize],
) -> Result<Vec<GainAdaptation>> {
    let times = [0.0, 1.0, 2.0, 3.0].map(|n| Millis::new(n * set.piece.ms()).unwrap_or(set.piece));
    let spreads = [set.low_db, set.high_db, set.low_db];
    let sound = |draw: usize| {
        let part = |(piece, &spread_db): (usize, &f64)| {
            let seed = set.seed.child(&format!("contrast/{draw}/{piece}"));
            let carrier = Carrier::Chords(Chords { seed, step: set.chord, spread_db });
            Part { carrier, level_db: set.level_db, start: times[piece], stop: times[piece + 1] }
        };
        Sound { duration: times[3], parts: spreads.iter().enumerate().map(part).collect() }
    };
    let sounds: Vec<Sound> = (0..set.n_draws).map(sound).collect();
    let played = Presentation::of(model, front_end, &sounds, neurons)?;
    let share = |n: f64| Millis::new(n * set.piece.ms()).unwrap_or(set.piece);
    let of = |(i, &neuron): (usize, &usize)| {
        let rates: Vec<Vec<f64>> = (0..sounds.len()).map(|sound| played.rate(sound, i)).collect();
        let deviation_hz = deviations(&rates);
        let mean = |from: Millis, to: Millis| {
            let bins = played.bins(from, to);
            let within: Vec<f64> = deviation_hz.iter().copied().take(bins.end).skip(bins.start).collect();
            within.iter().sum::<f64>() / within.len().max(1) as f64
        };
        let low = mean(share(0.5), times[1]) / set.low_db;
        let high = mean(plus(times[1], share(0.5)), times[2]) / set.high_db;
        let first = mean(times[1], plus(times[1], share(0.1))) / set.high_db;
        let over = |a: f64, b: f64| (b > 0.0 && (a / b).is_finite()).then(|| a / b);
        let (gain_ratio, overshoot) = (over(high, low), over(first, high));
        GainAdaptation { neuron, dt: played.dt(), deviation_hz, gain_ratio, overshoot }
    };
    Ok(neurons.iter().enumerate().map(of).collect())
}

/// The standard deviation over draws at each bin, with n - 1 in the denominator; empty for fewer than two draws.
fn deviations(rates: &[Vec<f64>]) -> Vec<f64> {
    let n = rates.len() as f64;
    let n_bins = if rates.len() < 2 { 0 } else { rates.iter().map(Vec::len).min().unwrap_or(0) };
    let at = |t: usize| {
        let mean = rates.iter().map(|rate| rate[t]).sum::<f64>() / n;
        (rates.iter().map(|rate| (rate[t] - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
    };
    (0..n_bins).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_over_draws() {
        assert_eq!(deviations(&[vec![1.0, 5.0], vec![3.0, 5.0]]), [2f64.sqrt(), 0.0]);
        assert_eq!(deviations(&[vec![1.0]]), [0.0; 0]);
    }
}
