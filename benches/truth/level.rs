//! How often paired tests of two models that are equally good give p below .05.
//!
//! 20 neurons, ten stimuli of 20 bins, four repeats. A model's rate is the true rate and an error of the same variance as the other model's.
//! Where neurons share, half of that error is common to all neurons, since a model that mishears a sound does so for all of them,
//! and a third of the noise of the responses is.

use std::fmt::Write;

use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet::{
    core::{RandomStream, ResponseMask, Seed},
    metrics::{
        Observation, numbers,
        resampling::{Resampling, sign_flip, wilcoxon_signed_rank},
        scores,
    },
};

const N_NEURONS: usize = 20;
const N_STIMULI: usize = 10;
const N_REPEATS: usize = 4;
const N_BINS: usize = 20;
const DRAWS: usize = 500;

/// p of a test of the differences of each neuron and stimulus, `(N, stimuli)`.
type Test = fn(&Array2<f64>, &Resampling) -> Option<f64>;

const TESTS: &[(&str, Test, [Claim; 2])] = &[
    ("sign flip over neurons", over_neurons, [Claim::Held, Claim::TooHigh]),
    ("Wilcoxon's signed ranks over neurons", ranks_over_neurons, [Claim::Held, Claim::TooHigh]),
    ("sign flip over stimuli, of the mean over neurons", over_stimuli, [Claim::Held, Claim::Held]),
];

/// What is claimed of the share of p below .05.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Claim {
    /// At most .05, and not far below.
    Held,
    /// Above .05: the test does not apply.
    TooHigh,
}

fn over_neurons(differences: &Array2<f64>, resampling: &Resampling) -> Option<f64> {
    let of_neurons: Vec<f64> = differences.rows().into_iter().map(|row| row.sum()).collect();
    sign_flip(&of_neurons, resampling).ok()
}

fn ranks_over_neurons(differences: &Array2<f64>, _: &Resampling) -> Option<f64> {
    let of_neurons: Vec<f64> = differences.rows().into_iter().map(|row| row.sum()).collect();
    wilcoxon_signed_rank(&of_neurons).ok().map(|test| test.p)
}

fn over_stimuli(differences: &Array2<f64>, resampling: &Resampling) -> Option<f64> {
    let of_stimuli: Vec<f64> = differences.columns().into_iter().map(|column| column.sum()).collect();
    sign_flip(&of_stimuli, resampling).ok()
}

/// The share of p below .05 of one test.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    name: &'static str,
    shares: bool,
    claim: Claim,
    below: usize,
    n: usize,
}

impl Level {
    fn share(&self) -> f64 {
        self.below as f64 / self.n.max(1) as f64
    }

    fn error(&self) -> f64 {
        (0.05 * 0.95 / self.n.max(1) as f64).sqrt()
    }

    /// Its row of the table.
    pub(crate) fn row(&self) -> String {
        let mut row = String::new();
        let claim = if self.claim == Claim::TooHigh { " (does not apply)" } else { "" };
        let shares = if self.shares { "yes" } else { "no" };
        let _ = writeln!(row, "| {} | {shares}{claim} | {:.3} |", self.name, self.share());
        row
    }

    /// What is not as claimed.
    pub(crate) fn broken(&self) -> Option<String> {
        let off = (self.share() - 0.05) / self.error();
        let holds = match self.claim {
            // Few stimuli have few sign flips, so that the level may be somewhat below.
            Claim::Held => off < 3.0 && self.share() > 0.02,
            Claim::TooHigh => off > 3.0,
        };
        (!holds).then(|| format!("{}: p below .05 in {:.3} of {} data sets", self.name, self.share(), self.n))
    }
}

/// The levels of all tests, from so many data sets.
///
/// # Errors
/// If a score refuses the data.
pub(crate) fn run(n: usize, seed: Seed) -> anyhow::Result<Vec<Level>> {
    let mut levels = Vec::new();
    for shares in [false, true] {
        let p_values = (0..n)
            .into_par_iter()
            .map(|set| {
                let seed = seed.child(&format!("level/{shares}/{set}"));
                let differences = differences(shares, &mut seed.stream("data"))?;
                let resampling = Resampling::new(seed, DRAWS)?;
                Ok(TESTS.iter().map(|(_, test, _)| test(&differences, &resampling)).collect())
            })
            .collect::<anyhow::Result<Vec<Vec<Option<f64>>>>>()?;
        for (k, (name, _, claims)) in TESTS.iter().enumerate() {
            let defined: Vec<f64> = p_values.iter().filter_map(|p| p[k]).collect();
            levels.push(Level {
                name,
                shares,
                claim: claims[usize::from(shares)],
                below: defined.iter().filter(|p| **p < 0.05).count(),
                n: defined.len(),
            });
        }
    }
    Ok(levels)
}

/// Differences of the explained variance of two models that are equally good.
fn differences(shares: bool, stream: &mut RandomStream) -> anyhow::Result<Array2<f64>> {
    let (common_error, common_noise) = if shares { (0.5, 1.0 / 3.0) } else { (0.0, 0.0) };
    let mask = ResponseMask::all(N_NEURONS, N_REPEATS, N_BINS);
    let mut differences = Array2::zeros((N_NEURONS, N_STIMULI));
    for b in 0..N_STIMULI {
        let mut draw = |rows: usize| Array2::from_shape_fn((rows, N_BINS), |_| stream.normal());
        let rate = draw(N_NEURONS);
        let mut predicted = || {
            let (common, own) = (draw(1), draw(N_NEURONS));
            &rate + &(f64::sqrt(common_error) * &common + f64::sqrt(1.0 - common_error) * &own)
        };
        let models = [predicted(), predicted()];
        let (common, own) = (draw(N_REPEATS), draw(N_NEURONS * N_REPEATS));
        let responses = Array3::from_shape_fn((N_NEURONS, N_REPEATS, N_BINS), |(n, r, t)| {
            rate[[n, t]]
                + f64::sqrt(common_noise) * common[[r, t]]
                + f64::sqrt(1.0 - common_noise) * own[[n * N_REPEATS + r, t]]
        });
        let mut correlations = Vec::new();
        for model in &models {
            let observation = Observation::new(model.view(), responses.view(), &mask)?;
            correlations.push(numbers(scores::cc_raw(&[observation])?));
        }
        for n in 0..N_NEURONS {
            if let (Ok(first), Ok(second)) = (correlations[0][n], correlations[1][n]) {
                differences[[n, b]] = first - second;
            }
        }
    }
    Ok(differences)
}
