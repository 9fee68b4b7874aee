//! CCnorm over the concatenation of all stimuli (Schoppe, Harper, Willmore, King and Schnupp 2016).
//!
//! ```text
//! CCnorm = cov(p, y) / sqrt(var(p) SP)          all three over the concatenated time axis, with a single mean
//! ```
//!
//! The paper defines CCnorm for one response; here the concatenation of all stimuli is treated as one response. This is
//! consistent, so that a perfect prediction scores 1, but differences between the mean rates of stimuli count as signal.

use crate::{
    error::Result,
    moments::CrossSums,
    observation::Observation,
    quantity::Correlation,
    repeats::Repeats,
    scores::{Concatenated, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// CCnorm of each neuron over the concatenation of its stimuli.
///
/// The i-th repeat of the concatenation consists of the i-th recorded repeats of all stimuli, which must therefore have
/// equally many repeats ([`Undefined::UnequalRepeats`]).
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N.
pub fn cc_norm(observations: &[Observation<'_>]) -> Result<Vec<Score<Correlation>>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let repeats: Vec<Repeats> =
            observations.iter().map(|o| Repeats::of(&o.recorded(), neuron)).collect::<Result<_, _>>()?;
        let repeats = Repeats::concatenated(&repeats)?;
        let Some(powers) = repeats.powers() else {
            return Err(match repeats.n_repeats() {
                repeats @ 0..=1 => Undefined::TooFewRepeats { repeats },
                _ => Undefined::TooFewBins { bins: psth.len() },
            });
        };
        let sums = CrossSums::of(&rate, &psth);
        sums.expect_y_varies()?;
        if powers.signal <= 0.0 {
            return Err(Undefined::no_signal(powers.signal));
        }
        sums.expect_x_varies()?;
        let dof = sums.dof as f64;
        finite(sums.xy / dof / (sums.xx / dof * powers.signal).sqrt()).map(Correlation::new)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use statenet_core::ResponseMask;

    use super::*;

    #[test]
    fn a_perfect_prediction_scores_1_and_unequal_repeats_have_a_reason() {
        let rate = |b: usize, t: usize| Array2::from_shape_fn((1, t), |(_, t)| (t * t % 5 + 10 * b) as f64);
        let rates = [rate(0, 7), rate(1, 9)];
        let repeated = |b: usize, r: usize| {
            let rate = &rates[b];
            Array3::from_shape_fn((1, r, rate.ncols()), |(_, _, t)| rate[[0, t]])
        };
        for (counts, expected) in
            [([3, 3], None), ([3, 4], Some(Undefined::UnequalRepeats { fewest: 3, most: 4 }))]
        {
            let responses = [repeated(0, counts[0]), repeated(1, counts[1])];
            let masks = [ResponseMask::all(1, counts[0], 7), ResponseMask::all(1, counts[1], 9)];
            let observations: Vec<_> = (0..2)
                .map(|b| Observation::new(rates[b].view(), responses[b].view(), &masks[b]).unwrap())
                .collect();
            match (cc_norm(&observations).unwrap()[0], expected) {
                (Ok(score), None) => assert!((score.value() - 1.0).abs() < 1e-14),
                (score, expected) => assert_eq!(score.err(), expected),
            }
        }
    }
}
