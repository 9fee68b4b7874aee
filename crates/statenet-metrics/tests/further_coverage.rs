//! The jackknife intervals of further scores contain the value over all sounds about as often as they should, in a simulation.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet_core::{RandomStream, ResponseMask, Seed, TimeBin};
use statenet_metrics::{FurtherIntervals, FurtherOptions, FurtherScores, Observation, further_scores};

const N_STIMULI: usize = 12;
const N_BINS: usize = 400;
const N_REPEATS: usize = 6;
/// Width of the moving average that makes rates of white noise, in bins.
const WIDTH: usize = 5;

fn smooth(stream: &mut RandomStream) -> Vec<f64> {
    let white: Vec<f64> = (0..N_BINS + WIDTH - 1).map(|_| stream.normal()).collect();
    white.windows(WIDTH).map(|w| w.iter().sum::<f64>() / (WIDTH as f64).sqrt()).collect()
}

/// Rates and counts of a Poisson neuron, and a prediction that has half of what drives it.
fn recording(seed: u64, n_stimuli: usize) -> Vec<(Array2<f64>, Array3<f64>)> {
    let mut stream = Seed::new(seed).stream("further coverage");
    let stimulus = |_| {
        let (known, unknown) = (smooth(&mut stream), smooth(&mut stream));
        let drive = |t: usize| 0.4 * (known[t] + unknown[t]) - 1.2;
        let counts = Array3::from_shape_fn((1, N_REPEATS, N_BINS), |(_, _, t)| {
            f64::from(stream.poisson(drive(t).exp()))
        });
        // The mean over the unknown half, of variance .16, multiplies by exp(.08).
        (Array2::from_shape_fn((1, N_BINS), |(_, t)| (0.4 * known[t] - 1.12).exp()), counts)
    };
    (0..n_stimuli).map(stimulus).collect()
}

fn scored(recording: &[(Array2<f64>, Array3<f64>)], confidence: Option<f64>) -> FurtherScores {
    let mask = ResponseMask::all(1, N_REPEATS, N_BINS);
    let observations: Vec<_> =
        recording.iter().map(|(p, y)| Observation::new(p.view(), y.view(), &mask).unwrap()).collect();
    let options = FurtherOptions { confidence, ..FurtherOptions::for_dt(TimeBin::whole_millis::<5>()) };
    further_scores(&observations, &observations, &options).unwrap().remove(0)
}

fn values(scores: &FurtherScores) -> [(&'static str, f64); 8] {
    [
        ("explained signal power", scores.explained_signal_power.unwrap()),
        ("CC/TTRC", scores.cc_ttrc.unwrap()),
        ("bits per second", scores.coherence.as_ref().unwrap().bits_per_second),
        ("deviance explained", scores.deviance_explained.unwrap()),
        ("bits per spike", scores.bits_per_spike.unwrap()),
        ("Fano factor", scores.fano.unwrap()),
        ("van Rossum", scores.van_rossum.unwrap()),
        ("Victor and Purpura", scores.victor_purpura.unwrap()),
    ]
}

#[test]
fn intervals_over_sounds_cover_the_value_over_all_sounds() {
    let truth = values(&scored(&recording(1, 1500), None));
    let n_sets = 200;
    let found: Vec<[bool; 8]> = (0..n_sets)
        .into_par_iter()
        .map(|set| {
            let FurtherIntervals {
                explained_signal_power,
                cc_ttrc,
                bits_per_second,
                deviance_explained,
                bits_per_spike,
                fano,
                van_rossum,
                victor_purpura,
                ..
            } = scored(&recording(100 + set, N_STIMULI), Some(0.95)).intervals;
            let all = [
                explained_signal_power,
                cc_ttrc,
                bits_per_second,
                deviance_explained,
                bits_per_spike,
                fano,
                van_rossum,
                victor_purpura,
            ];
            std::array::from_fn(|score| {
                let interval = all[score].unwrap();
                interval.lower <= truth[score].1 && truth[score].1 <= interval.upper
            })
        })
        .collect();
    for (score, (name, value)) in truth.iter().enumerate() {
        let covered = found.iter().filter(|sets| sets[score]).count();
        println!("{name}: {value:.4}, covered in {covered} of {n_sets}");
    }
    // 190 expected; three standard errors are 9.
    for (score, (name, _)) in truth.iter().enumerate() {
        let covered = found.iter().filter(|sets| sets[score]).count();
        assert!((181..=199).contains(&covered), "{name}: {covered} of {n_sets}");
    }
}
