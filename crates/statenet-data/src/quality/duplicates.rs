//! Neurons whose single trials are the same, or nearly.

use ndarray::{Array2, Axis, s};

use crate::{error::Result, recording::Recording};

/// Two units of one electrode correlate far less in bins of a few ms, also if the same sound drives both.
const SAME: f32 = 0.9;
/// Products of numbers that are spent on it; beyond, only the first bins of each stimulus are compared.
const MOST: f64 = 2e10;

/// For each neuron the first earlier one whose trials are the same.
pub(super) fn of(recording: &Recording) -> Result<Vec<Option<usize>>> {
    let n = recording.n_neurons();
    let bins: usize = recording.stimuli().iter().map(|s| s.n_repeats() * s.n_bins()).sum();
    let share = (MOST / (n as f64).powi(2) / bins.max(1) as f64).min(1.0);
    let (mut products, mut sums, mut total) = (Array2::<f32>::zeros((n, n)), vec![0.0_f32; n], 0.0_f32);
    // Missing bins, which are 0, must not stand out from those of a membrane potential.
    let baselines = recording.baselines()?;
    for stimulus in recording.stimuli() {
        let responses = stimulus.responses()?;
        let values = responses.about(&baselines);
        let used = ((responses.n_bins() as f64 * share).ceil() as usize).min(responses.n_bins());
        for repeat in values.axis_iter(Axis(1)) {
            let trial = repeat.slice(s![.., ..used]);
            products += &trial.dot(&trial.t());
            for (sum, row) in sums.iter_mut().zip(trial.outer_iter()) {
                *sum += row.sum();
            }
            total += used as f32;
        }
    }
    let covariance = |a: usize, b: usize| {
        let (Some(product), Some(x), Some(y)) = (products.get((a, b)), sums.get(a), sums.get(b)) else {
            return 0.0;
        };
        product - x * y / total.max(1.0)
    };
    let same = |a: usize, b: usize| {
        let (x, y) = (covariance(a, a), covariance(b, b));
        x > 0.0 && y > 0.0 && covariance(a, b) > SAME * (x * y).sqrt()
    };
    Ok((0..n).map(|b| (0..b).find(|&a| same(a, b))).collect())
}
