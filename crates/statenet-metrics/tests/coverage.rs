//! The intervals of an evaluation contain the true value about as often as they should, in a simulation.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use ndarray::{Array2, Array3};
use statenet_core::{RandomStream, ResponseMask, Seed};
use statenet_metrics::{EvaluationOptions, Observation, Resampled, evaluate_observations};

const N_REPEATS: usize = 6;
const N_BINS: usize = 600;
/// A moving average of four bins, which imitates smoothing and slow responses.
const WIDTH: usize = 4;

fn smooth(stream: &mut RandomStream) -> Vec<f64> {
    let white: Vec<f64> = (0..N_BINS + WIDTH - 1).map(|_| stream.normal()).collect();
    white.windows(WIDTH).map(|w| w.iter().sum::<f64>() / (WIDTH as f64).sqrt()).collect()
}

/// Signal s of variance 1, prediction s + e with e of variance v: the true CCnorm is 1 / sqrt(1 + v).
fn true_cc_norm(v: f64) -> f64 {
    (1.0 + v).sqrt().recip()
}

/// One data set: two stimuli, neurons with the given error variances.
fn data(stream: &mut RandomStream, errors: &[f64]) -> (Vec<Array2<f64>>, Vec<Array3<f64>>) {
    let (mut rates, mut responses) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let mut rate = Array2::zeros((errors.len(), N_BINS));
        let mut y = Array3::zeros((errors.len(), N_REPEATS, N_BINS));
        for (n, v) in errors.iter().enumerate() {
            let (signal, error) = (smooth(stream), smooth(stream));
            for t in 0..N_BINS {
                rate[[n, t]] = signal[t] + v.sqrt() * error[t];
            }
            for r in 0..N_REPEATS {
                let noise = smooth(stream);
                for t in 0..N_BINS {
                    y[[n, r, t]] = signal[t] + 1.5 * noise[t];
                }
            }
        }
        rates.push(rate);
        responses.push(y);
    }
    (rates, responses)
}

fn coverage(n_neurons: usize, n_sets: usize, resampled: Resampled) -> f64 {
    let ids: Vec<String> = (0..n_neurons).map(|n| n.to_string()).collect();
    let mask = ResponseMask::all(n_neurons, N_REPEATS, N_BINS);
    // Error variances are uniform on [0, 2], or 1 for the single neuron; the mean of 1 / sqrt(1 + v) is sqrt(3) - 1.
    let truth = if n_neurons == 1 { true_cc_norm(1.0) } else { 3.0_f64.sqrt() - 1.0 };
    let covered = (0..n_sets).filter(|set| {
        let mut stream = Seed::new(17).stream(&format!("coverage/{set}"));
        let errors: Vec<f64> =
            (0..n_neurons).map(|_| if n_neurons == 1 { 1.0 } else { stream.uniform(0.0, 2.0) }).collect();
        let (rates, responses) = data(&mut stream, &errors);
        let observations: Vec<_> =
            (0..2).map(|b| Observation::new(rates[b].view(), responses[b].view(), &mask).unwrap()).collect();
        let options = EvaluationOptions {
            n_bootstrap: 300,
            n_splits: 1,
            block_bins: 40,
            seed: Seed::new(*set as u64),
            ..EvaluationOptions::default()
        };
        let evaluation = evaluate_observations(&ids, &observations, &options).unwrap();
        assert_eq!(evaluation.ccnorm_ci95_method, resampled);
        evaluation.ccnorm_ci95.is_some_and(|[low, high]| low <= truth && truth <= high)
    });
    covered.count() as f64 / n_sets as f64
}

#[test]
fn intervals_over_neurons_and_blocks_cover() {
    let covered = coverage(10, 200, Resampled::NeuronsAndBlocks);
    println!("95 % intervals over neurons and blocks cover {covered}");
    // Three standard errors of 200 data sets are 4.6 %; crossed resampling gives somewhat wide intervals.
    assert!((0.904..=1.0).contains(&covered), "{covered}");
}

#[test]
fn intervals_of_one_neuron_cover() {
    let covered = coverage(1, 400, Resampled::Blocks);
    println!("95 % intervals of one neuron over 30 blocks cover {covered}");
    // Three standard errors of 400 data sets are 3.3 %; percentile intervals of 30 blocks are somewhat narrow.
    assert!((0.90..=0.985).contains(&covered), "{covered}");
}
