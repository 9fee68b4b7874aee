//! The scores that correct for noise have the values that they should, in simulations with a known truth.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use std::f64::consts::TAU;

use ndarray::{Array2, Array3};
use statenet_core::{RandomStream, ResponseMask, Seed};
use statenet_metrics::{Observation, Score, numbers, published, scores};

/// Rate and signal of m bins with a given squared correlation: sums of two orthogonal waves, of variance 1 (over m).
fn waves(m: usize, r2: f64) -> (Array2<f64>, Array2<f64>) {
    let wave = |k: f64, t: usize| (2.0_f64).sqrt() * (TAU * k * t as f64 / m as f64).sin();
    let rate = Array2::from_shape_fn((1, m), |(_, t)| wave(5.0, t));
    let signal =
        Array2::from_shape_fn((1, m), |(_, t)| r2.sqrt() * wave(5.0, t) + (1.0 - r2).sqrt() * wave(9.0, t));
    (rate, signal)
}

fn mean_and_se(x: &[f64]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// Responses: signal and Gaussian noise of variance `noise`, a moving average of `width` bins.
fn gaussian(
    stream: &mut RandomStream,
    signal: &Array2<f64>,
    n_repeats: usize,
    noise: f64,
    width: usize,
) -> Array3<f64> {
    let m = signal.ncols();
    let mut y = Array3::zeros((1, n_repeats, m));
    for r in 0..n_repeats {
        let white: Vec<f64> = (0..m + width - 1).map(|_| stream.normal()).collect();
        for t in 0..m {
            let smooth = white[t..t + width].iter().sum::<f64>() / (width as f64).sqrt();
            y[[0, r, t]] = signal[[0, t]] + noise.sqrt() * smooth;
        }
    }
    y
}

fn of(rate: &Array2<f64>, y: &Array3<f64>, score: fn(&[Observation<'_>]) -> Vec<Score>) -> Score {
    let (n, r, t) = y.dim();
    let mask = ResponseMask::all(n, r, t);
    score(&[Observation::new(rate.view(), y.view(), &mask).unwrap()])[0]
}

/// Figure 2 of Pospisil and Bair (2021): 362 stimuli, 4 repeats, noise variance .25, SNR .5.
#[test]
fn the_simulation_of_pospisil_and_bair() {
    let (m, noise, snr) = (362, 0.25_f64, 0.5);
    let amplitude = (snr * noise).sqrt();
    for r2 in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (rate, signal) = waves(m, r2);
        let signal = amplitude * &signal;
        let mut stream = Seed::new(21).stream(&format!("pospisil-bair/{r2}"));
        let (mut naive, mut theirs, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..1000 {
            let y = gaussian(&mut stream, &signal, 4, noise, 1);
            naive.push(of(&rate, &y, |o| numbers(scores::cc_raw(o).unwrap())).unwrap().powi(2));
            theirs.push(of(&rate, &y, |o| numbers(published::pospisil2021::r2_er(o).unwrap())).unwrap());
            ours.push(of(&rate, &y, |o| numbers(scores::r2_er(o).unwrap())).unwrap());
        }
        let (naive, _) = mean_and_se(&naive);
        for found in [theirs, ours] {
            let (mean, se) = mean_and_se(&found);
            // The bias of the ratio is of order 1 / m.
            assert!((mean - r2).abs() < 3.0 * se + 0.003, "r2 {r2}: {mean} +- {se}");
        }
        // The naive one is r2 SNR / (SNR + 1 / R), and 1 / m of chance.
        assert!((naive - r2 * 0.5 / 0.75).abs() < 0.005, "r2 {r2}: naive {naive}");
        if r2 == 1.0 {
            assert!((naive - 0.67).abs() < 0.01, "naive {naive}");
        }
    }
}

/// r2_ER, explained signal power and the correlations of TTRC at several noise levels, repeats and kinds of noise.
#[test]
fn what_is_corrected_for_noise_does_not_depend_on_it() {
    type Of = fn(&[Observation<'_>]) -> Vec<Score>;
    let all: [(&str, Of, f64); 4] = [
        ("r2_er", |o| numbers(scores::r2_er(o).unwrap()), 0.64),
        ("explained signal power", |o| scores::explained_signal_power(o).unwrap(), 2.0 * 0.8 - 1.0),
        ("cc_ttrc", |o| numbers(scores::cc_ttrc(o).unwrap()), 0.8),
        ("cc_psth_ttrc", |o| numbers(scores::cc_psth_ttrc(o).unwrap()), 0.8),
    ];
    let (rate, signal) = waves(600, 0.64);
    for (snr, n_repeats, width) in [(0.3, 2, 1), (0.3, 10, 4), (3.0, 3, 4), (10.0, 2, 1)] {
        let mut stream = Seed::new(22).stream(&format!("noise/{snr}/{n_repeats}/{width}"));
        let draws: Vec<_> =
            (0..400).map(|_| gaussian(&mut stream, &signal, n_repeats, 1.0 / snr, width)).collect();
        for (name, score, truth) in all {
            let found: Vec<f64> = draws.iter().filter_map(|y| of(&rate, y, score).ok()).collect();
            assert_eq!(found.len(), 400);
            let (mean, se) = mean_and_se(&found);
            // Ratios and roots: a relative bias of about the squared relative error of the signal power.
            let allowed = 3.0 * se
                + truth * 2.0 * (1.0 + 1.0 / (snr * n_repeats as f64)).powi(2) * width as f64 / 600.0;
            assert!(
                (mean - truth).abs() < allowed,
                "{name} at SNR {snr}, {n_repeats} repeats, width {width}: {mean} +- {se} for {truth}"
            );
        }
    }
}

/// The intervals of r2_ER contain the truth about as often as they say.
#[test]
fn intervals_of_r2_er_cover_the_truth() {
    let n_draws = 300;
    for (r2, snr, n_repeats, width, m) in [
        (0.0, 0.5, 4, 1, 362),
        (0.5, 0.5, 4, 1, 362),
        (1.0, 0.5, 4, 1, 362),
        (0.7, 0.1, 4, 1, 362),
        (0.7, 2.0, 20, 1, 100),
        (0.5, 0.5, 4, 4, 800),
        (0.9, 0.3, 3, 4, 800),
    ] {
        let (rate, signal) = waves(m, r2);
        let mut stream = Seed::new(23).stream(&format!("cover/{r2}/{snr}/{n_repeats}/{width}"));
        let mut covered = 0;
        for _ in 0..n_draws {
            let y = gaussian(&mut stream, &signal, n_repeats, 1.0 / snr, width);
            let mask = ResponseMask::all(1, n_repeats, m);
            let observations = [Observation::new(rate.view(), y.view(), &mask).unwrap()];
            let interval = scores::r2_er_interval(&observations, 0.95).unwrap()[0];
            covered += usize::from(interval.is_ok_and(|i| i.lower <= r2 && r2 <= i.upper));
        }
        let coverage = covered as f64 / f64::from(n_draws);
        // 95 % within 3 standard errors (1.3 % each) of 300 draws; at 0 and 1, where one end cannot miss, 97.5 %.
        println!("r2 {r2}, SNR {snr}, {n_repeats} repeats, width {width}, {m} bins: {coverage}");
        assert!(
            (0.912..=0.995).contains(&coverage),
            "r2 {r2}, SNR {snr}, {n_repeats} repeats, width {width}: {coverage}"
        );
    }
}

/// The true rate of Poisson counts scores 1, the closer the longer the recording.
#[test]
fn the_true_rate_tends_to_1() {
    for (m, allowed) in [(1_000, 0.15), (10_000, 0.05), (100_000, 0.015)] {
        let mut stream = Seed::new(24).stream(&format!("poisson/{m}"));
        let rate = Array2::from_shape_fn((1, m), |(_, t)| 0.3 + 0.25 * (0.17 * t as f64).sin());
        let y = Array3::from_shape_fn((1, 5, m), |(_, _, t)| f64::from(stream.poisson(rate[[0, t]])));
        type Of = fn(&[Observation<'_>]) -> Vec<Score>;
        let all: [Of; 4] = [
            |o| numbers(scores::cc_norm(o).unwrap()),
            |o| numbers(scores::r2_er(o).unwrap()),
            |o| scores::explained_signal_power(o).unwrap(),
            |o| numbers(scores::cc_ttrc(o).unwrap()),
        ];
        for score in all {
            let found = of(&rate, &y, score).unwrap();
            assert!((found - 1.0).abs() < allowed, "{m} bins: {found}");
        }
    }
}

/// The bias that bits_per_spike and deviance_explained state: -1/2 nat of likelihood for the fitted constant.
#[test]
fn the_constant_that_is_fitted_to_test_data_costs_half_a_nat() {
    let rate = Array2::from_elem((1, 200), 0.1);
    let mut stream = Seed::new(25).stream("constant");
    let nats: Vec<f64> = (0..4000)
        .filter_map(|_| {
            let y = Array3::from_shape_fn((1, 2, 200), |(_, _, t)| f64::from(stream.poisson(rate[[0, t]])));
            Some(
                of(&rate, &y, |o| scores::bits_per_spike(o).unwrap()).ok()?
                    * y.sum()
                    * std::f64::consts::LN_2,
            )
        })
        .collect();
    let (mean, se) = mean_and_se(&nats);
    assert!((mean + 0.5).abs() < 3.0 * se + 0.02, "{mean} +- {se}");
}
