//! r2_ER as published (Pospisil and Bair 2021): one variance of the noise, independent between stimuli.
//!
//! ```text
//! s^2   = sum_i sum_r (y_ir - y_i)^2 / (m (R - 1))
//! r2_ER = ((sum_i p'_i y_i)^2 / sum_i p'_i^2 - s^2 / R) / (sum_i (y_i - y)^2 - (m - 1) s^2 / R)
//! ```
//!
//! p' is the prediction less its mean, y_i the mean response to stimulus i, y the mean of these. The m stimuli of the paper are the bins of
//! all observations together. With slow changes of excitability between repeats s^2 is larger than the noise of differences between
//! bins, and r2_ER too large; [`scores::r2_er`](crate::scores::r2_er) does without the assumption.

use crate::{
    error::Result,
    moments::CrossSums,
    observation::Observation,
    quantity::RSquared,
    repeats::Repeats,
    scores::{Concatenated, per_neuron},
    undefined::{Score, Undefined, finite},
};

/// r2_ER of each neuron over the concatenation of its stimuli, by the formula of the paper.
///
/// The paper recommends the square root of spike counts, whose variance hardly depends on the rate: take it of responses (and rates) before.
///
/// # Errors
/// [`Error`](crate::Error) if there is no stimulus or the stimuli differ in N. Undefined with stimuli of different numbers of repeats
/// or repeats that miss different bins, and as [`cc_norm`](crate::scores::cc_norm).
pub fn r2_er(observations: &[Observation<'_>]) -> Result<Vec<Score<RSquared>>> {
    per_neuron(observations, |neuron| {
        let Concatenated { rate, psth } = Concatenated::of(observations, neuron)?;
        let repeats: Vec<Repeats> =
            observations.iter().map(|o| Repeats::of(&o.recorded(), neuron)).collect::<Result<_, _>>()?;
        let repeats = Repeats::concatenated(&repeats)?;
        let (n_repeats, m) = (repeats.n_repeats() as f64, psth.len() as f64);
        if repeats.n_repeats() < 2 {
            return Err(Undefined::TooFewRepeats { repeats: repeats.n_repeats() });
        }
        if repeats.valid().is_some() {
            return Err(Undefined::RaggedRepeats);
        }
        if psth.len() < 2 {
            return Err(Undefined::TooFewBins { bins: psth.len() });
        }
        let sums = CrossSums::of(&rate, &psth);
        sums.expect_y_varies()?;
        sums.expect_x_varies()?;
        let squares =
            |row: &Vec<f64>| row.iter().zip(&psth).map(|(y, mean)| (y - mean) * (y - mean)).sum::<f64>();
        let variance =
            repeats.values().iter().map(squares).sum::<f64>() / (m * (n_repeats - 1.0)) / n_repeats;
        let signal = sums.yy - (m - 1.0) * variance;
        if signal <= 0.0 {
            return Err(Undefined::no_signal(signal / (m - 1.0)));
        }
        finite((sums.xy * sums.xy / sums.xx - variance) / signal).map(RSquared::new)
    })
}
