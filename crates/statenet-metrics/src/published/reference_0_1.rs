//! The scores of the reference implementation (deepSTRF 0.1.0), reproduced for comparison.
//!
//! Its signal power is within stimuli with weights T_b, but its covariance and variance are over the concatenation:
//!
//! ```text
//! ccnorm_schoppe = cov(p, y) / sqrt(var(p) SP)          SP = sum_b T_b SP_b / sum_b T_b
//! ccnorm_hsu     = CC(p, y) / CCmax                     CCmax = sum_b T_b CCmax_b / sum_b T_b
//! ```
//!
//! Differences between the mean rates of stimuli therefore raise the score, without bound. Repeats and bins without any data
//! are dropped. If repeats miss different bins, the score is undefined here and NaN in the reference. Its thresholds are
//! kept: a variance below 1e-12 counts as 0, and a noise power below 1e-12 as 1e-12.

use crate::{
    ceilings::splits::choices,
    error::Result,
    moments::{CrossSums, mean},
    observation::{Observation, Recorded},
    psth::Psth,
    quantity::Correlation,
    repeats::{Powers, RepeatCovariance, Repeats},
    scores::{Concatenated, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// The number of half splits that the reference uses.
const N_SPLITS: usize = 126;
/// The reference's threshold for variances and noise power.
const SMALLEST: f64 = 1e-12;
/// The constant that the reference adds to a rate before the logarithm.
const LOG_SHIFT: f64 = 1e-8;

/// Signal power as pooled by the reference, with weights T_b, the number of bins of each stimulus with at least one repeat.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
pub fn signal_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| finite(powers(recorded, neuron)?.signal))
}

/// Noise power as pooled by the reference.
///
/// # Errors
/// As [`signal_power`].
pub fn noise_power(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| finite(powers(recorded, neuron)?.noise))
}

/// Signal-to-noise ratio with a noise power of at least 1e-12.
///
/// # Errors
/// As [`signal_power`].
pub fn snr(recorded: &[Recorded<'_>]) -> Result<Vec<Score>> {
    crate::ceilings::per_neuron(recorded, |neuron| {
        let powers = powers(recorded, neuron)?;
        finite(powers.signal / powers.noise.max(SMALLEST))
    })
}

/// The mixed CCnorm that the reference calls `schoppe`; CC if no stimulus has a second repeat.
///
/// # Errors
/// As [`signal_power`].
pub fn ccnorm_schoppe(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    if single_repeat(observations) {
        return crate::scores::cc_raw(observations);
    }
    let recorded = crate::observation::recorded(observations);
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let signal = powers(&recorded, neuron)?.signal;
        if signal <= 0.0 {
            return Err(Undefined::no_signal(signal));
        }
        let sums = CrossSums::of(&rate, &psth);
        let dof = sums.dof as f64;
        if sums.xx / dof < SMALLEST {
            return Err(Undefined::ConstantRate);
        }
        finite(sums.xy / dof / (sums.xx / dof * signal).sqrt()).map(Correlation::new)
    })
}

/// The CCnorm that the reference calls `hsu`; CC if no stimulus has a second repeat. The ceiling comes from the first 126 half
/// splits in lexicographic order, which overlap strongly.
///
/// # Errors
/// As [`signal_power`].
pub fn ccnorm_hsu(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
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
            return Err(Undefined::no_signal(rhos));
        }
        finite(CrossSums::of(&rate, &psth).correlation()? / (sum / weight)).map(Correlation::new)
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

/// Whether all stimuli have a single repeat; the reference then returns CC.
fn single_repeat(observations: &[Observation<'_>]) -> bool {
    observations.iter().all(|o| o.recorded().responses().dim().1 == 1)
}

/// The repeats of a stimulus, which must have the same bins.
fn complete(recorded: &Recorded<'_>, neuron: usize) -> Result<Repeats, Undefined> {
    match Repeats::of(recorded, neuron)? {
        Repeats::Ragged { .. } => Err(Undefined::RaggedRepeats),
        repeats @ Repeats::Complete { .. } => Ok(repeats),
    }
}

/// The powers of a neuron, pooled with weights T_b.
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

/// Mean correlation of half PSTHs over the first splits; `None` if there are fewer than two repeats or it is NaN.
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
            let [ab, aa, bb] = covariance.of_groups(&first, &second)?;
            Some(ab / (aa * bb).sqrt())
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
        let mixed = ccnorm_schoppe(&observations).unwrap()[0].unwrap().value();
        // sqrt(var_total / var_within), roughly.
        assert!((mixed - ((within + between) / within).sqrt()).abs() < 0.05, "{mixed}");
        assert!((scores::cc_norm(&observations).unwrap()[0].unwrap().value() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn repeats_that_miss_different_bins_are_undefined_here() {
        let (rate, y) = (Array2::zeros((1, 4)), Array3::zeros((1, 2, 4)));
        let mask = ResponseMask::new(Array3::from_shape_fn((1, 2, 4), |(_, r, t)| r == 0 || t != 1));
        let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
        assert_eq!(ccnorm_schoppe(&observations).unwrap(), [Err(Undefined::RaggedRepeats)]);
    }
}
