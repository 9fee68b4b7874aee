//! All estimators on the recordings of one cell: mean errors and their standard errors.

use rayon::prelude::*;
use statenet::{core::Seed, metrics::Score};

use crate::{
    estimators::{ALL, Estimator},
    simulate::{Cell, Noise, Recordings, Truth},
};

/// Recordings that are simulated at a time.
const AT_A_TIME: usize = 50;

/// Which cells there are.
pub fn grid(small: bool) -> Vec<Cell> {
    let (snrs, repeats, stimuli): (&[f64], &[usize], &[usize]) = match small {
        true => (&[0.3, 3.0], &[2, 10], &[3, 15]),
        false => (&[0.1, 0.3, 1.0, 3.0, 10.0], &[2, 4, 10, 20], &[3, 10, 30, 60]),
    };
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
pub struct Outcome {
    /// Mean error, in units of the true value if the estimator's errors are relative.
    pub bias: f64,
    /// Its standard error.
    pub error: f64,
    /// Root of the mean squared error.
    pub rms: f64,
    /// Share of the recordings in which it is defined.
    pub defined: f64,
    /// Standard errors by which the bias lies outside of what is claimed.
    pub excess: f64,
}

/// A cell and the outcomes of all estimators, in their order.
#[derive(Clone, Debug)]
pub struct CellResult {
    /// What was simulated.
    pub cell: Cell,
    /// Mean signal power over the deviation of its estimates: how well the signal is known.
    pub quality: f64,
    pub outcomes: Vec<Outcome>,
}

/// Simulates a cell.
///
/// # Errors
/// If an estimator refuses the recordings.
pub fn run(cell: Cell, n: usize, seed: Seed) -> anyhow::Result<CellResult> {
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
    let rms = (errors.iter().map(|e| e * e).sum::<f64>() / n).sqrt() / scale;
    let excess = if error.is_finite() { estimator.claim.excess(bias, error) } else { 0.0 };
    Outcome { bias, error, rms, defined: n / truths.len() as f64, excess }
}

fn quality(truths: &[Truth], signal_powers: &[Score]) -> f64 {
    let errors: Vec<f64> =
        truths.iter().zip(signal_powers).filter_map(|(t, s)| Some(s.ok()? - t.signal)).collect();
    let signal = truths.iter().map(|t| t.signal).sum::<f64>() / truths.len() as f64;
    signal / moments(&errors).1
}

/// Mean and deviation.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, variance.sqrt())
}
