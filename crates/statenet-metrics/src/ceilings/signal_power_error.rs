//! How well the signal power of a neuron is known: its standard error, and which signals are weak.
//!
//! CCnorm divides by the square root of the signal power SP. Where SP is estimated near 0, by luck of the noise, a CCnorm of
//! 3 or 6 can come out, and one such neuron leads the mean of a population.
//!
//! With d_r(t) the response in repeat r minus its mean over the stimulus,
//!
//! ```text
//! s(t) = mean_{r<r'} d_r(t) d_r'(t)        SP = sum_t s(t) / sum_b (T_b - 1)
//! SE^2 = K / (K - 1) sum_k (S_k - n_k S / n)^2 / (sum_b (T_b - 1))^2
//! ```
//!
//! S_k is the sum of s over the n_k bins of block k; S and n are the sums over all K blocks, those of the intervals. Blocks count as
//! independent: they are longer than the time over which responses are correlated.

use crate::{
    ceilings::per_neuron,
    error::{Error, Result},
    observation::Recorded,
    repeats::Repeats,
    responses::{NeuronRecorded, StimulusRecorded},
    time_blocks::{block_of, n_blocks},
    undefined::{Score, Undefined},
};

/// A signal power that is not above this many of its standard errors is weak.
///
/// At two, the relative error of SP is a half, and that of CCnorm a quarter, from SP alone; and of neurons without any signal, 2 in
/// 100 are above it.
const WEAK_BELOW: f64 = super::enough::STANDARD_ERRORS;

/// Whether a signal power is weak: not above twice its standard error. A power without standard error is not.
pub(crate) fn is_weak(signal_power: f64, standard_error: Option<f64>) -> bool {
    standard_error.is_some_and(|error| signal_power <= WEAK_BELOW * error)
}

/// The standard error of the [signal power](super::signal_power) of each neuron, (spikes/bin)^2, over blocks of time of `block_bins` bins.
///
/// It covers other stretches of sound and other noise. Undefined ([`Undefined::TooFewValues`]) for fewer than two blocks with two repeats.
///
/// # Errors
/// [`Error::OutOfRange`] if `block_bins` is 0, else as [`signal_power`](super::signal_power).
pub fn signal_power_se(recorded: &[Recorded<'_>], block_bins: usize) -> Result<Vec<Score>> {
    if block_bins == 0 {
        return Err(Error::OutOfRange { option: "block_bins", got: 0.0, expected: "1 or more" });
    }
    per_neuron(recorded, |neuron| {
        let error = signal_power_error(&NeuronRecorded::of(recorded, neuron)?, block_bins);
        error.ok_or(Undefined::TooFewValues { n: 1, needed: 2 })
    })
}

/// [`signal_power_se`] of one neuron; `None` for fewer than two blocks.
pub(crate) fn signal_power_error(neuron: &NeuronRecorded, block_bins: usize) -> Option<f64> {
    let (mut blocks, mut dof): (Vec<Block>, f64) = (Vec::new(), 0.0);
    for stimulus in neuron.stimuli() {
        let products = products(stimulus);
        if products.len() < 2 {
            continue;
        }
        let (n_bins, first) = (stimulus.n_bins, blocks.len());
        let n = n_blocks(n_bins, block_bins);
        blocks.resize(first + n, Block::default());
        for &(t, product) in &products {
            let block = &mut blocks[first + block_of(t, n_bins, n)];
            *block = Block { n: block.n + 1.0, sum: block.sum + product };
        }
        dof += products.len() as f64 - 1.0;
    }
    blocks.retain(|block| block.n > 0.0);
    if blocks.len() < 2 {
        return None;
    }
    let k = blocks.len() as f64;
    let (n, sum) = blocks.iter().fold((0.0, 0.0), |(n, sum), block| (n + block.n, sum + block.sum));
    let squares: f64 = blocks.iter().map(|block| (block.sum - block.n * sum / n).powi(2)).sum();
    Some((k / (k - 1.0) * squares).sqrt() / dof).filter(|error| error.is_finite())
}

/// A block of time: its bins that two repeats have, and the sum of their products.
#[derive(Clone, Copy, Debug, Default)]
struct Block {
    n: f64,
    sum: f64,
}

/// The bins that at least two repeats have, with the mean product of pairs of repeats, each less its mean.
fn products(stimulus: &StimulusRecorded) -> Vec<(usize, f64)> {
    let n_values = stimulus.repeats.values().first().map_or(0, Vec::len);
    let (mut sums, mut squares) = (vec![0.0; n_values], vec![0.0; n_values]);
    match &stimulus.repeats {
        Repeats::Complete { values, means } => {
            for (row, m) in values.iter().zip(means) {
                for ((sum, squares), y) in sums.iter_mut().zip(&mut squares).zip(row) {
                    *sum += y - m;
                    *squares += (y - m) * (y - m);
                }
            }
        }
        Repeats::Ragged { values, valid } => {
            for (row, valid) in values.iter().zip(valid) {
                let n = valid.iter().filter(|valid| **valid).count();
                let m = row.iter().sum::<f64>() / n as f64;
                for t in (0..n_values).filter(|&t| valid[t]) {
                    sums[t] += row[t] - m;
                    squares[t] += (row[t] - m) * (row[t] - m);
                }
            }
        }
    }
    let is_complete = stimulus.repeats.valid().is_none();
    let times = stimulus.psth.times().into_iter().enumerate();
    times
        .zip(stimulus.counts_of_repeats())
        .filter(|&(_, n)| n >= 2.0)
        .map(|((i, t), n)| {
            // Rows of repeats that miss different bins are by bin of the stimulus.
            let at = if is_complete { i } else { t };
            (t, (sums[at] * sums[at] - squares[at]) / (n * (n - 1.0)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use statenet_core::{ResponseMask, Seed};

    use super::*;

    #[test]
    fn the_error_is_the_spread_of_the_estimate() {
        let mut stream = Seed::new(3).stream("weakness");
        let n_draws = 400;
        for (amplitude, missing) in [(0.0, false), (0.7, false), (0.7, true)] {
            let (mut powers, mut errors) = (Vec::new(), Vec::new());
            for _ in 0..n_draws {
                // The signal is random too, as other sounds would make it.
                let signal: Vec<f64> = (0..600).map(|_| amplitude * stream.normal()).collect();
                let y = Array3::from_shape_fn((1, 4, 600), |(_, _, t)| signal[t] + stream.normal());
                let mask = ResponseMask::new(Array3::from_shape_fn((1, 4, 600), |(_, r, t)| {
                    !missing || (r * 7 + t) % 5 > 0
                }));
                let recorded = [Recorded::new(y.view(), &mask).unwrap()];
                let neuron = NeuronRecorded::of(&recorded, 0).unwrap();
                powers.push(neuron.powers().unwrap().signal);
                errors.push(signal_power_error(&neuron, 20).unwrap());
            }
            let n = f64::from(n_draws);
            let mean = powers.iter().sum::<f64>() / n;
            let spread = (powers.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
            let error = errors.iter().sum::<f64>() / n;
            // 400 draws give a spread within 3.5 % (one standard error); 30 blocks an error that is low by 1 %.
            assert!((error / spread - 1.0).abs() < 0.12, "amplitude {amplitude}: {error} for {spread}");
            let weak = powers.iter().zip(&errors).filter(|(p, e)| is_weak(**p, Some(**e))).count();
            if amplitude == 0.0 {
                assert!(weak > n_draws as usize * 93 / 100, "{weak} of {n_draws} without signal are weak");
            } else {
                assert_eq!(weak, 0);
            }
        }
    }

    #[test]
    fn one_block_or_one_repeat_has_no_error_and_is_not_weak() {
        let y = Array3::from_shape_fn((1, 3, 50), |(_, r, t)| ((r + t) % 3) as f64);
        let mask = ResponseMask::all(1, 3, 50);
        let recorded = [Recorded::new(y.view(), &mask).unwrap()];
        assert_eq!(signal_power_error(&NeuronRecorded::of(&recorded, 0).unwrap(), 100), None);
        assert_eq!(
            signal_power_se(&recorded, 100).unwrap(),
            [Err(Undefined::TooFewValues { n: 1, needed: 2 })]
        );
        assert!(signal_power_se(&recorded, 10).unwrap()[0].is_ok() && signal_power_se(&recorded, 0).is_err());
        let single = ResponseMask::new(Array3::from_shape_fn((1, 3, 50), |(_, r, _)| r == 1));
        let single = NeuronRecorded::of(&[Recorded::new(y.view(), &single).unwrap()], 0).unwrap();
        assert_eq!(signal_power_error(&single, 10), None);
        assert!(!is_weak(0.1, None));
        assert!(is_weak(0.1, Some(0.06)) && !is_weak(0.1, Some(0.04)));
    }
}
