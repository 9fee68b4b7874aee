//! Recordings that are large in one way, under a limit of memory: a fit runs, or is refused with what it needs. It never ends
//! in the allocator or in a panic.

use std::{path::Path, process::Command};

use ndarray::{Array2, Array3};
use statenet::{
    data::{Description, Neuron, Responses, Stimulus},
    prelude::*,
};

use crate::harness::text;

/// A recording of noise.
#[derive(Clone)]
struct Made {
    n_neurons: usize,
    n_bands: usize,
    n_repeats: usize,
    dt_ms: f64,
    /// Bins of each stimulus.
    n_bins: Vec<usize>,
}

impl Default for Made {
    fn default() -> Self {
        Self { n_neurons: 5, n_bands: 8, n_repeats: 2, dt_ms: 5.0, n_bins: vec![200; 6] }
    }
}

impl Made {
    fn write(&self, folder: &Path) {
        let mut noise = Seed::new(5).stream("size");
        let stimulus = |(s, &n_bins): (usize, &usize)| {
            let mut sound = Array2::<f32>::zeros((self.n_bands, n_bins));
            sound.iter_mut().for_each(|x| *x = noise.normal() as f32);
            let mut counts = Array3::<f32>::zeros((self.n_neurons, self.n_repeats, n_bins));
            counts.iter_mut().for_each(|y| *y = f32::from(noise.unit() < 0.2));
            Stimulus::new(format!("s{s}"), sound, Responses::from_nan(counts).unwrap()).unwrap()
        };
        let stimuli = self.n_bins.iter().enumerate().map(stimulus).collect();
        let neurons = (0..self.n_neurons).map(|n| Neuron::new(format!("u{n}"))).collect();
        let dt = TimeBin::from_millis(self.dt_ms).unwrap();
        Recording::new(Description::default(), dt, Vec::new(), neurons, stimuli)
            .unwrap()
            .write(folder)
            .unwrap();
    }
}

/// How a fit ended.
#[derive(Debug, PartialEq)]
enum Ended {
    Done,
    /// With this error.
    Refused(String),
}

/// Fits a model with this much memory, in kilobytes.
fn fit(made: &Made, model: &str, kilobytes: u64) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    made.write(&data);
    let limited = format!("ulimit -v {kilobytes} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited, env!("CARGO_BIN_EXE_statenet"), "fit", "--threads", "2", "--epochs", "2"])
        .args(["--model", model, "--data", text(&data), "--out", text(&out)])
        .env_remove("RUST_BACKTRACE")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(0) => Ended::Done,
        // A panic is 101; a failed allocation ends by a signal, which is no code.
        Some(1) => {
            assert!(
                stderr.contains(" needs ") && stderr.contains("this process can have "),
                "{model}: {stderr}"
            );
            assert!(!stderr.contains("panicked"), "{model}: {stderr}");
            // Warnings come first.
            Ended::Refused(stderr.lines().last().unwrap_or_default().to_owned())
        }
        other => panic!("{model} ended with {other:?}: {stderr}"),
    }
}

const FOUR_GIB: u64 = 4 << 20;

#[test]
fn what_a_fit_needs_is_said_where_the_machine_lacks_it() {
    // A dt in seconds where milliseconds are meant: windows of 40000 bins.
    let made = Made { n_neurons: 600, n_bands: 64, dt_ms: 0.005, n_bins: vec![20; 6], n_repeats: 1 };
    for (model, says) in [
        (
            "ridge",
            "a ridge regression of 2560000 weights for each of 600 neurons on 80 training bins, in its dual form, needs ",
        ),
        ("ln", "parameter readout.strf.weight of shape [600, 1, 64, 40000] needs "),
    ] {
        let Ended::Refused(error) = fit(&made, model, FOUR_GIB) else { panic!("{model} was fitted") };
        assert!(error.starts_with(&format!("Error: fitting {model}: {says}")), "{error}");
        assert!(error.contains("use fewer bands"), "{error}");
    }
}

#[test]
fn a_regression_with_more_weights_than_bins_is_fitted_in_little_memory() {
    // 1025 bands and 40 lags: the matrix of products of weights would have 13 GB.
    let made = Made { n_bands: 1025, n_bins: vec![60; 6], ..Made::default() };
    assert_eq!(fit(&made, "ridge", 2 << 20), Ended::Done);
}

#[test]
fn many_neurons_bands_bins_or_stimuli_are_fitted() {
    for made in [
        Made { n_neurons: 400, ..Made::default() },
        Made { n_bands: 300, ..Made::default() },
        Made { n_bins: vec![20_000, 200, 200, 200, 200, 200], ..Made::default() },
        Made { n_bins: [vec![1; 200], vec![40; 100]].concat(), ..Made::default() },
    ] {
        assert_eq!(fit(&made, "ridge,ln", FOUR_GIB), Ended::Done);
    }
}

/// `.ci/size-tests` runs these.
mod large {
    use super::*;

    fn ends(made: &Made, models: &[&str]) {
        for model in models {
            let begun = std::time::Instant::now();
            let ended = fit(made, model, FOUR_GIB);
            println!("{model}, {:.0} s with writing the recording: {ended:?}", begun.elapsed().as_secs_f64());
        }
    }

    #[test]
    #[ignore = "large"]
    fn ten_thousand_neurons() {
        ends(&Made { n_neurons: 10_000, ..Made::default() }, &["ridge,ln", "statenet-gru"]);
    }

    #[test]
    #[ignore = "large"]
    fn four_thousand_bands() {
        ends(&Made { n_bands: 4096, ..Made::default() }, &["ridge,ln", "statenet-gru"]);
    }

    #[test]
    #[ignore = "large"]
    fn a_million_bins_in_a_stimulus() {
        let n_bins = vec![1_000_000, 200, 200, 200, 200, 200];
        ends(&Made { n_bins, ..Made::default() }, &["ridge,ln", "statenet-gru"]);
    }

    #[test]
    #[ignore = "large"]
    fn ten_thousand_stimuli_of_a_bin() {
        // Without a longer one in the validation part there would be no score.
        let n_bins = [vec![1; 8000], vec![2; 2000]].concat();
        ends(&Made { n_bins, ..Made::default() }, &["ridge,ln"]);
    }

    #[test]
    #[ignore = "large"]
    fn a_dt_in_seconds() {
        ends(&Made { dt_ms: 0.005, ..Made::default() }, &["ridge", "ln"]);
    }
}
