//! How much data would make a signal measurable, from the measured powers and the standard error of the signal power.
//!
//! For noise that is independent between repeats, with SP the signal and NP the noise power, R repeats and n independent samples,
//!
//! ```text
//! SE^2(R, n) = (2 NP^2 / (R (R - 1)) + 4 SP NP / R) / n
//! ```
//!
//! is the variance of the estimate of SP for given sounds. The measured standard error gives n, which is less than the number of bins
//! where noise is correlated in time. A signal is measurable where SP is above twice SE.

use super::signal_power_error;
use crate::{responses::NeuronRecorded, undefined::Enough};

/// A signal power is measured if it is above this many standard errors.
pub(crate) const STANDARD_ERRORS: f64 = 2.0;
/// More repeats than this are no advice.
const MOST_REPEATS: u32 = 10_000;

/// What would be enough data for a neuron's signal power; `None` where there is no estimate: for one repeat, one block of time, or a
/// signal power that is more than a standard error below 0.
pub(crate) fn enough(neuron: &NeuronRecorded, block_bins: usize) -> Option<Enough> {
    let powers = neuron.powers().ok()?;
    let error = signal_power_error(neuron, block_bins)?;
    let signal = if powers.signal > 0.0 { powers.signal } else { powers.signal + error };
    let (mut bins, mut weighted) = (0.0, 0.0);
    for stimulus in neuron.stimuli() {
        let n_repeats = stimulus.repeats.n_repeats();
        if n_repeats > 1 {
            bins += stimulus.n_bins as f64;
            weighted += (stimulus.n_bins * n_repeats) as f64;
        }
    }
    of(signal, powers.noise, error, weighted / bins, bins)
}

fn of(signal: f64, noise: f64, error: f64, repeats: f64, bins: f64) -> Option<Enough> {
    if !(signal > 0.0 && noise > 0.0 && error > 0.0 && repeats > 1.0) {
        return None;
    }
    let variance = |r: f64| 2.0 * noise * noise / (r * (r - 1.0)) + 4.0 * signal * noise / r;
    let samples = variance(repeats) / (error * error);
    let allowed = samples * (signal / STANDARD_ERRORS).powi(2);
    let longer = (STANDARD_ERRORS * error / signal).powi(2).max(1.0);
    Some(Enough {
        signal_power: signal,
        repeats: (2..=MOST_REPEATS)
            .find(|&r| f64::from(r) >= repeats.round() && variance(f64::from(r)) <= allowed),
        bins: (bins * longer).ceil() as u64,
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;
    use crate::observation::Recorded;

    /// Signal variance s, noise variance 1.
    fn responses(s: f64, n_repeats: usize, n_bins: usize, seed: u64) -> Array3<f64> {
        let mut stream = Seed::new(seed).stream("enough");
        let signal: Vec<f64> = (0..n_bins).map(|_| s.sqrt() * stream.normal()).collect();
        Array3::from_shape_fn((1, n_repeats, n_bins), |(_, _, t)| signal[t] + stream.normal())
    }

    fn measured(y: &Array3<f64>) -> (Option<Enough>, bool) {
        let (n, r, t) = y.dim();
        let mask = ResponseMask::all(n, r, t);
        let neuron = NeuronRecorded::of(&[Recorded::new(y.view(), &mask).unwrap()], 0).unwrap();
        let power = neuron.powers().unwrap().signal;
        let error = signal_power_error(&neuron, 10).unwrap();
        (enough(&neuron, 10), power > STANDARD_ERRORS * error)
    }

    #[test]
    fn so_many_repeats_or_bins_do_measure_it() {
        // The true power is known here; the advice for it, from the error that three repeats have, is tried.
        let (s, n_bins) = (0.01, 600);
        let error = (2.0 / 6.0 + 4.0 * s / 3.0_f64).sqrt() / (n_bins as f64).sqrt();
        let advice = of(s, 1.0, error, 3.0, n_bins as f64).unwrap();
        let share = |r: usize, t: usize| {
            (0..200).filter(|&seed| measured(&responses(s, r, t, seed)).1).count() as f64 / 200.0
        };
        let before = share(3, n_bins);
        let repeats = share(advice.repeats.unwrap() as usize, n_bins);
        let bins = share(3, advice.bins as usize);
        // At twice its error a power is found above it in half of the cases.
        assert!(
            (0.35..=0.65).contains(&repeats) && (0.35..=0.65).contains(&bins),
            "{advice:?} {repeats} {bins}"
        );
        assert!(before < 0.15, "{before}");
    }

    #[test]
    fn one_repeat_and_a_power_far_below_0_have_no_estimate() {
        assert_eq!(of(-0.1, 1.0, 0.05, 3.0, 100.0), None);
        let single = responses(1.0, 1, 100, 0);
        let mask = ResponseMask::all(1, 1, 100);
        let neuron = NeuronRecorded::of(&[Recorded::new(single.view(), &mask).unwrap()], 0).unwrap();
        assert_eq!(enough(&neuron, 10), None);
        assert!(measured(&responses(0.01, 3, 300, 1)).0.is_some_and(|e| e.bins >= 300));
    }
}
