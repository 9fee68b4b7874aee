//! What a ridge regression takes: its memory is linear in neurons and does not grow with the patterns of missing bins, and
//! a recording of the size of NAT4 is fitted in seconds. Bytes are counted by the allocator.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use statenet::prelude::*;
use statenet::{
    candle::Device,
    core::ResponseMask,
    data::{Description, Neuron, Responses, Stimulus},
};
use statenet_benches::peak_bytes;

/// One measurement at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// A recording of noise that drives every neuron.
struct Made {
    n_neurons: usize,
    n_bands: usize,
    dt_ms: f64,
    /// Bins and repeats of each stimulus.
    stimuli: Vec<(usize, usize)>,
}

impl Made {
    /// `missing(stimulus, neuron, bin)` was not recorded.
    fn recording(&self, missing: impl Fn(usize, usize, usize) -> bool) -> Recording {
        let mut noise = Seed::new(3).stream("ridge");
        let mut stimuli = Vec::new();
        for (s, &(n_bins, n_repeats)) in self.stimuli.iter().enumerate() {
            let mut sound = ndarray::Array2::<f32>::zeros((self.n_bands, n_bins));
            sound.iter_mut().for_each(|x| *x = noise.normal() as f32);
            let shape = (self.n_neurons, n_repeats, n_bins);
            let rate = |n: usize, t: usize| {
                let drive =
                    sound[(n % self.n_bands, t)] + 0.5 * sound[(n % self.n_bands, t.saturating_sub(2))];
                f64::from(0.3 + 0.2 * drive.max(-1.0))
            };
            let counts =
                ndarray::Array3::from_shape_fn(shape, |(n, _, t)| f32::from(noise.unit() < rate(n, t)));
            let mask = ndarray::Array3::from_shape_fn(shape, |(n, _, t)| !missing(s, n, t));
            let responses = Responses::new(counts, &ResponseMask::new(mask)).unwrap();
            stimuli.push(Stimulus::new(format!("s{s}"), sound, responses).unwrap());
        }
        let neurons = (0..self.n_neurons).map(|n| Neuron::new(format!("u{n}"))).collect();
        let dt = TimeBin::from_millis(self.dt_ms).unwrap();
        Recording::new(Description::default(), dt, Vec::new(), neurons, stimuli)
            .unwrap()
            .smooth(Smoothing::default())
            .unwrap()
    }
}

fn fit(recording: &Recording, split: &Split) -> statenet::train::RidgeFit {
    Ridge::for_dt(recording.dt()).fit(recording, split, &Device::Cpu).unwrap()
}

fn peak(recording: &Recording, split: &Split) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    peak_bytes(|| fit(recording, split)).0
}

fn split(n_stimuli: usize) -> Split {
    let (val, test) = (n_stimuli - 2, n_stimuli - 1);
    Split::new((0..val).collect(), vec![val], vec![test]).unwrap()
}

#[test]
fn memory_does_not_grow_with_patterns_of_missing_bins_and_is_linear_in_neurons() {
    let made = |n_neurons| Made { n_neurons, n_bands: 12, dt_ms: 5.0, stimuli: vec![(400, 2); 6] };
    let split = split(6);
    let shared = peak(&made(60).recording(|s, _, t| (3 * s + t) % 11 == 0), &split);
    let own = peak(&made(60).recording(|s, n, t| (n * n + 3 * s + t) % 61 == 0), &split);
    let many = peak(&made(120).recording(|s, n, t| (n * n + 3 * s + t) % 61 == 0), &split);
    println!("60 neurons with one pattern: {shared} bytes, with 60: {own} bytes, 120 with 120: {many} bytes");
    assert!(own < 2 * shared, "{own} bytes, {shared} with one pattern");
    assert!(many < 2 * own, "{many} bytes, {own} for half the neurons");
}

/// 849 neurons, 577 sounds heard once and 18 heard twenty times, 150 bins of 10 ms, 18 bands: `cargo test --release -p
/// statenet-benches --test ridge -- --ignored --nocapture`.
#[test]
#[ignore = "large: takes 2 GB"]
fn a_recording_of_the_size_of_nat4() {
    let mut stimuli = vec![(150, 1); 577];
    stimuli.extend(vec![(150, 20); 18]);
    let recording = Made { n_neurons: 849, n_bands: 18, dt_ms: 10.0, stimuli }.recording(|_, _, _| false);
    for (name, val) in [("validated on sounds heard once", 500..577), ("on sounds heard 20 times", 577..586)]
    {
        let train: Vec<usize> = (0..500).collect();
        let split = Split::new(train, val.collect(), (586..595).collect()).unwrap();
        let begun = Instant::now();
        let peak = peak(&recording, &split);
        println!("{name}: {:.2} s, {} MB", begun.elapsed().as_secs_f64(), peak / 1_000_000);
    }
}

/// 200 neurons, each with its own missing bins, 34 bands and windows of up to 40 lags.
#[test]
#[ignore = "large: takes minutes"]
fn two_hundred_neurons_with_two_hundred_patterns() {
    for n_neurons in [25, 200] {
        let made = Made { n_neurons, n_bands: 34, dt_ms: 5.0, stimuli: vec![(999, 2); 20] };
        let recording = made.recording(|s, n, t| (n * n + 7 * s + t) % 211 < 10);
        let begun = Instant::now();
        let peak = peak(&recording, &split(20));
        println!("{n_neurons}: {:.2} s, {} MB", begun.elapsed().as_secs_f64(), peak / 1_000_000);
    }
}
