//! All estimators on the recordings of one cell: mean errors and their standard errors.

use rayon::prelude::*;
use statenet::{core::Seed, metrics::Score};

use crate::{
    estimators::{ALL, Claim, Estimator},
    simulate::{Cell, Noise, Recordings, Truth},
};

/// Recordings that are simulated at a time.
const AT_A_TIME: usize = 50;

/// The cells in which estimators are held to the truth.
pub(crate) fn grid(small: bool) -> Vec<Cell> {
    let mut cells = match small {
        true => product(&[0.3, 3.0], &[2, 10], &[3, 15]),
        false => product(&[0.1, 0.3, 1.0, 3.0, 10.0], &[2, 4, 10, 20], &[3, 10, 30, 60]),
    };
    // Other kinds of noise than Poisson's at two ratios each, which show what the noise changes.
    cells.retain(|cell| match cell.noise {
        Noise::Poisson => true,
        Noise::Overdispersed => small || [0.1, 3.0].contains(&cell.snr),
        Noise::Gain => [0.3, 3.0].contains(&cell.snr),
    });
    cells
}

/// The cells in which intervals are: Poisson alone.
pub(crate) fn interval_grid(small: bool) -> Vec<Cell> {
    let mut cells = if small { product(&[1.0], &[10], &[10]) } else { grid(false) };
    cells.retain(|cell| cell.noise == Noise::Poisson);
    cells
}

fn product(snrs: &[f64], repeats: &[usize], stimuli: &[usize]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for noise in Noise::ALL {
        for &snr in snrs {
            for &n_repeats in repeats {
                cells.extend(stimuli.iter().map(|&n_stimuli| Cell { noise, snr, n_repeats, n_stimuli }));
            }
        }
    }
    cells
}

/// How an estimator did in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Mean error, in units of the true value if the estimator's errors are relative.
    pub(crate) bias: f64,
    /// Its standard error.
    pub(crate) error: f64,
    /// Recordings in which it is defined.
    pub(crate) n: usize,
}

impl Outcome {
    /// Standard errors by which the bias lies outside of a claim.
    pub(crate) fn excess(&self, claim: Claim) -> f64 {
        if self.error.is_finite() { claim.excess(self.bias, self.error) } else { 0.0 }
    }
}

/// A cell and the outcomes of all estimators, in their order.
#[derive(Clone, Debug)]
pub(crate) struct CellResult {
    /// What was simulated.
    pub(crate) cell: Cell,
    /// Mean signal power over the deviation of its estimates: how well the signal is known.
    pub(crate) quality: f64,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Simulates a cell.
///
/// # Errors
/// If an estimator refuses the recordings.
pub(crate) fn run(cell: Cell, n: usize, seed: Seed) -> anyhow::Result<CellResult> {
    let batches: Vec<usize> = (0..n.div_ceil(AT_A_TIME)).collect();
    let per_batch = batches
        .into_par_iter()
        .map(|batch| {
            let size = AT_A_TIME.min(n - batch * AT_A_TIME);
            estimates(cell, size, seed.child(&batch.to_string()))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let truths: Vec<Truth> = per_batch.iter().flat_map(|batch| batch.0.iter().copied()).collect();
    let scores =
        |k: usize| -> Vec<Score> { per_batch.iter().flat_map(|batch| batch.1[k].iter().copied()).collect() };
    let outcomes = ALL.iter().enumerate().map(|(k, estimator)| outcome(estimator, &truths, &scores(k)));
    Ok(CellResult { cell, quality: quality(&truths, &scores(0)), outcomes: outcomes.collect() })
}

fn estimates(cell: Cell, n: usize, seed: Seed) -> anyhow::Result<(Vec<Truth>, Vec<Vec<Score>>)> {
    let recordings = Recordings::draw(cell, n, seed);
    let (observations, recorded) = (recordings.observations()?, recordings.recorded()?);
    let scores = ALL.iter().map(|e| Ok((e.compute)(&observations, &recorded)?));
    let scores = scores.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(((0..n).map(|neuron| recordings.truth(neuron)).collect(), scores))
}

fn outcome(estimator: &Estimator, truths: &[Truth], scores: &[Score]) -> Outcome {
    let (mut errors, mut scale) = (Vec::new(), 0.0);
    for (truth, score) in truths.iter().zip(scores) {
        let truth = (estimator.truth)(truth);
        scale += truth / truths.len() as f64;
        if let Ok(score) = score {
            errors.push(score - truth);
        }
    }
    if !estimator.is_relative {
        scale = 1.0;
    }
    let (mean, deviation) = moments(&errors);
    let n = errors.len() as f64;
    let (bias, error) = (mean / scale, deviation / n.sqrt() / scale);
    Outcome { bias, error, n: errors.len() }
}

fn quality(truths: &[Truth], signal_powers: &[Score]) -> f64 {
    let errors: Vec<f64> =
        truths.iter().zip(signal_powers).filter_map(|(t, s)| Some(s.ok()? - t.signal)).collect();
    let signal = truths.iter().map(|t| t.signal).sum::<f64>() / truths.len() as f64;
    signal / moments(&errors).1
}

/// Mean and deviation.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}
