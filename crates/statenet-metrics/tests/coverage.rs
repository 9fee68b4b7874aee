//! The intervals of an evaluation contain the true value about as often as they should, in a simulation.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use ndarray::{Array2, Array3};
use statenet_core::{RandomStream, ResponseMask, Seed};
use statenet_metrics::{EvaluationOptions, Observation, Resampled, evaluate_observations};

const N_REPEATS: usize = 6;
/// A moving average of four bins, which imitates smoothing and slow responses.
const WIDTH: usize = 4;

fn smooth(stream: &mut RandomStream, n_bins: usize) -> Vec<f64> {
    let white: Vec<f64> = (0..n_bins + WIDTH - 1).map(|_| stream.normal()).collect();
    white.windows(WIDTH).map(|w| w.iter().sum::<f64>() / (WIDTH as f64).sqrt()).collect()
}

/// Signal s of variance 1, prediction s + e with e of variance v: the true CCnorm is 1 / sqrt(1 + v).
fn true_cc_norm(v: f64) -> f64 {
    (1.0 + v).sqrt().recip()
}

/// What is simulated.
#[derive(Clone, Copy)]
struct Cell {
    n_neurons: usize,
    n_stimuli: usize,
    n_bins: usize,
    /// Standard deviation of the noise of a repeat.
    noise: f64,
    /// Whether the neurons hear the same signal, so that a stimulus is hard or easy for all of them.
    shared: bool,
    resampled: Resampled,
}

const CELLS: [Cell; 6] = [
    Cell { n_neurons: 1, n_stimuli: 2, n_bins: 600, noise: 1.5, shared: false, resampled: Resampled::Blocks },
    Cell {
        n_neurons: 1,
        n_stimuli: 10,
        n_bins: 60,
        noise: 1.5,
        shared: false,
        resampled: Resampled::Stimuli,
    },
    Cell {
        n_neurons: 1,
        n_stimuli: 30,
        n_bins: 40,
        noise: 3.0,
        shared: false,
        resampled: Resampled::Stimuli,
    },
    Cell {
        n_neurons: 10,
        n_stimuli: 2,
        n_bins: 600,
        noise: 1.5,
        shared: false,
        resampled: Resampled::NeuronsAndBlocks,
    },
    Cell {
        n_neurons: 10,
        n_stimuli: 10,
        n_bins: 60,
        noise: 1.5,
        shared: true,
        resampled: Resampled::NeuronsAndStimuli,
    },
    Cell {
        n_neurons: 12,
        n_stimuli: 12,
        n_bins: 40,
        noise: 3.0,
        shared: false,
        resampled: Resampled::NeuronsAndStimuli,
    },
];

/// One data set: neurons with the given error variances.
fn data(stream: &mut RandomStream, cell: &Cell, errors: &[f64]) -> (Vec<Array2<f64>>, Vec<Array3<f64>>) {
    let (mut rates, mut responses) = (Vec::new(), Vec::new());
    for _ in 0..cell.n_stimuli {
        let mut rate = Array2::zeros((errors.len(), cell.n_bins));
        let mut y = Array3::zeros((errors.len(), N_REPEATS, cell.n_bins));
        let (mut signal, mut error) = (smooth(stream, cell.n_bins), smooth(stream, cell.n_bins));
        for (n, v) in errors.iter().enumerate() {
            if !cell.shared {
                (signal, error) = (smooth(stream, cell.n_bins), smooth(stream, cell.n_bins));
            }
            for t in 0..cell.n_bins {
                rate[[n, t]] = signal[t] + v.sqrt() * error[t];
            }
            for r in 0..N_REPEATS {
                let noise = smooth(stream, cell.n_bins);
                for t in 0..cell.n_bins {
                    y[[n, r, t]] = signal[t] + cell.noise * noise[t];
                }
            }
        }
        rates.push(rate);
        responses.push(y);
    }
    (rates, responses)
}

/// How often the interval of the mean CCnorm contains its true value, and how often those of the neurons theirs.
fn coverage(cell: &Cell, n_sets: usize) -> [f64; 2] {
    let ids: Vec<String> = (0..cell.n_neurons).map(|n| n.to_string()).collect();
    let mask = ResponseMask::all(cell.n_neurons, N_REPEATS, cell.n_bins);
    // Error variances are uniform on [0, 2], or 1 for the single neuron; the mean of 1 / sqrt(1 + v) is sqrt(3) - 1.
    let truth = if cell.n_neurons == 1 { true_cc_norm(1.0) } else { 3.0_f64.sqrt() - 1.0 };
    let contains = |interval: Option<[f64; 2]>, truth: f64| {
        usize::from(interval.is_some_and(|[low, high]| low <= truth && truth <= high))
    };
    let (mut of_mean, mut of_neurons) = (0, 0);
    for set in 0..n_sets {
        let mut stream = Seed::new(17).stream(&format!("coverage/{set}"));
        let errors: Vec<f64> = (0..cell.n_neurons)
            .map(|_| if cell.n_neurons == 1 { 1.0 } else { stream.uniform(0.0, 2.0) })
            .collect();
        let (rates, responses) = data(&mut stream, cell, &errors);
        let observations: Vec<_> = (rates.iter().zip(&responses))
            .map(|(rate, y)| Observation::new(rate.view(), y.view(), &mask).unwrap())
            .collect();
        let options = EvaluationOptions {
            n_bootstrap: 400,
            n_splits: 1,
            block_bins: 40,
            seed: Seed::new(set as u64),
            ..EvaluationOptions::default()
        };
        let evaluation = evaluate_observations(&ids, &observations, &options).unwrap();
        assert_eq!(evaluation.ccnorm_ci95_method, cell.resampled);
        of_mean += contains(evaluation.ccnorm_ci95, truth);
        of_neurons += evaluation
            .per_neuron
            .iter()
            .zip(&errors)
            .map(|(neuron, &v)| contains(neuron.ccnorm_ci95, true_cc_norm(v)))
            .sum::<usize>();
    }
    [of_mean as f64 / n_sets as f64, of_neurons as f64 / (n_sets * cell.n_neurons) as f64]
}

fn intervals_cover(n_sets: usize, range: std::ops::RangeInclusive<f64>) {
    for cell in &CELLS {
        let covered = coverage(cell, n_sets);
        println!(
            "{} neurons, {} stimuli of {} bins: the 95 % intervals of the mean and of neurons cover {covered:.3?}",
            cell.n_neurons, cell.n_stimuli, cell.n_bins
        );
        assert!(covered.iter().all(|covered| range.contains(covered)), "{covered:?}");
    }
}

#[test]
fn nominal_95_percent_intervals_cover() {
    // Three standard errors of 200 data sets are 4.6 %.
    intervals_cover(200, 0.93 - 0.046..=0.97 + 0.03);
}

#[test]
#[ignore = "takes minutes"]
fn nominal_95_percent_intervals_cover_93_to_97_percent() {
    // Two standard errors of 2,000 data sets are 1 %.
    intervals_cover(2000, 0.92..=0.98);
}
