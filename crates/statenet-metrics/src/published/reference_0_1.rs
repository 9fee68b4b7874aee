//! The reference implementation's scores (deepSTRF 0.1.0), as they are, to compare numbers with it.
//!
//! Its signal power is within stimuli and weighted by T_b, its covariance and variance are over the concatenation:
//!
//! ```text
//! ccnorm_schoppe = cov(p, y) / sqrt(var(p) SP)          SP = sum_b T_b SP_b / sum_b T_b
//! ccnorm_hsu     = CC(p, y) / CCmax                     CCmax = sum_b T_b CCmax_b / sum_b T_b
//! ```
//!
//! so that stimuli whose mean rates differ raise the score, without bound. Repeats and bins without any data are
//! dropped; repeats that miss different bins make a neuron undefined here (NaN there). Its thresholds are kept: a
//! variance below 1e-12 counts as none, and 1e-12 stands in for a smaller noise power.

use crate::{
    ceilings::splits::choices,
    error::Result,
    moments::{CrossSums, mean},
    observation::{Observation, Recorded},
    psth::Psth,
    repeats::{Powers, RepeatCovariance, Repeats},
    scores::{Concatenated, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// Half splits of which the reference takes the first.
const N_SPLITS: usize = 126;
/// Variances and powers below this are none.
const SMALLEST: f64 = 1e-12;
/// What the reference adds to a rate before it takes the logarithm.
const LOG_SHIFT: f64 = 1e-8;

/// Signal power as the reference pools it: weighted by T_b, the bins of each stimulus with any repeat.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
pub fn signal_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| finite(powers(recorded, neuron)?.signal))
}

/// Noise power as the reference pools it.
///
/// # Errors
/// As [`signal_power`].
pub fn noise_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| finite(powers(recorded, neuron)?.noise))
}

/// Signal-to-noise ratio with 1e-12 in place of a smaller noise power.
///
/// # Errors
/// As [`signal_power`].
pub fn snr(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| {
        let powers = powers(recorded, neuron)?;
        finite(powers.signal / powers.noise.max(SMALLEST))
    })
}

/// CCnorm of the mixed kind that the reference calls `schoppe`. If no stimulus of any neuron has a second repeat, CC.
///
/// # Errors
/// As [`signal_power`].
pub fn ccnorm_schoppe(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    if single_repeat(observations) {
        return crate::scores::cc_raw(observations);
    }
    let recorded = crate::observation::recorded(observations);
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let signal = powers(&recorded, neuron)?.signal;
        if signal <= 0.0 {
            return Err(Undefined::NoSignal { signal_power: signal });
        }
        let sums = CrossSums::of(&rate, &psth);
        let dof = sums.dof as f64;
        if sums.xx / dof < SMALLEST {
            return Err(Undefined::ConstantRate);
        }
        finite(sums.xy / dof / (sums.xx / dof * signal).sqrt())
    })
}

/// CCnorm that the reference calls `hsu`: its ceiling is from the first 126 half splits in lexicographic order, which
/// overlap heavily. If no stimulus of any neuron has a second repeat, CC.
///
/// # Errors
/// As [`signal_power`].
pub fn ccnorm_hsu(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    if single_repeat(observations) {
        return crate::scores::cc_raw(observations);
    }
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let (mut sum, mut weight, mut rhos) = (0.0, 0.0, 0.0);
        for observation in observations {
            let repeats = complete(&observation.recorded(), neuron)?;
            let Some(rho) = lexicographic_rho(&repeats.covariance()) else {
                continue;
            };
            rhos += rho;
            if rho > 0.0 {
                let n_bins = Psth::of(&observation.recorded(), neuron)?.n_bins() as f64;
                sum += n_bins * (2.0 * rho / (1.0 + rho)).sqrt();
                weight += n_bins;
            }
        }
        if weight == 0.0 {
            return Err(Undefined::NoSignal { signal_power: rhos });
        }
        finite(CrossSums::of(&rate, &psth).correlation()? / (sum / weight))
    })
}

/// The reference's Poisson loss: mean over bins of p - y ln(max(p, 1e-8) + 1e-8), y the PSTH.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
pub fn poisson(observations: &[Observation<'_>]) -> Result<Vec<Score>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let term = |(p, y): (&f64, &f64)| p - y * (p.max(LOG_SHIFT) + LOG_SHIFT).ln();
        finite(rate.iter().zip(&psth).map(term).sum::<f64>() / psth.len() as f64)
    })
}

/// True if the responses have one repeat throughout, so that the reference returns CC instead.
fn single_repeat(observations: &[Observation<'_>]) -> bool {
    observations.iter().all(|o| o.recorded().responses().dim().1 == 1)
}

/// The repeats of a stimulus, if they have the same bins.
fn complete(recorded: &Recorded<'_>, neuron: usize) -> Result<Repeats, Undefined> {
    match Repeats::of(recorded, neuron)? {
        Repeats::Ragged { .. } => Err(Undefined::RaggedRepeats),
        repeats @ Repeats::Complete(_) => Ok(repeats),
    }
}

fn powers(recorded: &[Recorded<'_>], neuron: usize) -> Result<Powers, Undefined> {
    let (mut sum, mut weight, mut most_repeats) = (Powers::default(), 0.0, 0);
    for stimulus in recorded {
        let repeats = complete(stimulus, neuron)?;
        most_repeats = most_repeats.max(repeats.n_repeats());
        if let Some(powers) = repeats.powers() {
            let n_bins = Psth::of(stimulus, neuron)?.n_bins() as f64;
            sum.signal += n_bins * powers.signal;
            sum.noise += n_bins * powers.noise;
            sum.total += n_bins * powers.total;
            weight += n_bins;
        }
    }
    if weight == 0.0 {
        return Err(Undefined::TooFewRepeats { repeats: most_repeats });
    }
    Ok(Powers { signal: sum.signal / weight, noise: sum.noise / weight, total: sum.total / weight })
}

/// Mean correlation of half PSTHs over the first splits; nothing with fewer than two repeats. NaN becomes nothing.
fn lexicographic_rho(covariance: &RepeatCovariance) -> Option<f64> {
    let half = covariance.n_repeats() / 2;
    if half == 0 {
        return None;
    }
    let rhos: Vec<f64> = choices(2 * half, half)
        .take_while(|first| first[0] == 0)
        .take(N_SPLITS)
        .filter_map(|first| {
            let second: Vec<usize> = (0..2 * half).filter(|r| !first.contains(r)).collect();
            let (aa, bb) = (covariance.between(&first, &first)?, covariance.between(&second, &second)?);
            Some(covariance.between(&first, &second)? / (aa * bb).sqrt())
        })
        .collect();
    Some(mean(&rhos)).filter(|rho| rho.is_finite())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::ResponseMask;

    use super::*;
    use crate::scores;

    #[test]
    fn the_mixed_form_exceeds_1_for_a_perfect_prediction_where_ours_does_not() {
        let rates: Vec<Array2<f64>> = (0..3)
            .map(|b| Array2::from_shape_fn((1, 40), |(_, t)| 2.0 * f64::from(b) + (0.5 * t as f64).sin()))
            .collect();
        let responses: Vec<_> =
            rates.iter().map(|p| Array3::from_shape_fn((1, 4, 40), |(_, _, t)| p[[0, t]])).collect();
        let mask = ResponseMask::all(1, 4, 40);
        let observations: Vec<_> =
            (0..3).map(|b| Observation::new(rates[b].view(), responses[b].view(), &mask).unwrap()).collect();
        let (within, between) = (0.5_f64, 8.0 / 3.0);
        let mixed = ccnorm_schoppe(&observations).unwrap()[0].unwrap();
        // sqrt(var_total / var_within), roughly.
        assert!((mixed - ((within + between) / within).sqrt()).abs() < 0.05, "{mixed}");
        assert!((scores::cc_norm(&observations).unwrap()[0].unwrap() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn repeats_that_miss_different_bins_are_undefined_here() {
        let (rate, y) = (Array2::zeros((1, 4)), Array3::zeros((1, 2, 4)));
        let mask = ResponseMask::new(Array3::from_shape_fn((1, 2, 4), |(_, r, t)| r == 0 || t != 1));
        let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
        assert_eq!(ccnorm_schoppe(&observations).unwrap(), [Err(Undefined::RaggedRepeats)]);
    }
}
