//! The simulation of Pospisil and Bair (2021): a model that is right, 362 stimuli, four repeats, a signal-to-noise ratio of .5.
//!
//! r^2 with the mean over repeats is .67 there, their estimator 1.00. Each stimulus has one response: the stimuli are the bins of one
//! observation.

use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet::{
    core::{ResponseMask, Seed},
    metrics::{Observation, scores},
};

use crate::cells::moments;

const N_STIMULI: usize = 362;
const N_REPEATS: usize = 4;
const SNR: f64 = 0.5;

/// Mean and standard error over simulations.
#[derive(Clone, Copy, Debug)]
pub struct Pospisil {
    naive: (f64, f64),
    corrected: (f64, f64),
    n: usize,
}

/// Runs the simulation.
///
/// # Errors
/// If a score refuses the data.
pub fn run(n: usize, seed: Seed) -> anyhow::Result<Pospisil> {
    let values = (0..n)
        .into_par_iter()
        .map(|set| {
            let mut stream = seed.stream(&format!("pospisil/{set}"));
            let rate = Array2::from_shape_fn((1, N_STIMULI), |_| SNR.sqrt() * stream.normal());
            let responses =
                Array3::from_shape_fn((1, N_REPEATS, N_STIMULI), |(_, _, t)| rate[[0, t]] + stream.normal());
            let mask = ResponseMask::all(1, N_REPEATS, N_STIMULI);
            let observation = [Observation::new(rate.view(), responses.view(), &mask)?];
            let naive = scores::cc_raw(&observation)?[0].map(|r| r.squared().value())?;
            let corrected = scores::cc_norm(&observation)?[0].map(|r| r.squared().value())?;
            Ok([naive, corrected])
        })
        .collect::<anyhow::Result<Vec<[f64; 2]>>>()?;
    let of = |k: usize| {
        let (mean, deviation) = moments(&values.iter().map(|v| v[k]).collect::<Vec<_>>());
        (mean, deviation / (n as f64).sqrt())
    };
    Ok(Pospisil { naive: of(0), corrected: of(1), n })
}

impl Pospisil {
    /// Its part of the page.
    pub fn text(&self) -> String {
        let Self { naive, corrected, n } = *self;
        format!(
            "\n## The simulation of Pospisil and Bair\n\nA right model, {N_STIMULI} stimuli, {N_REPEATS} repeats, SNR {SNR}, {n} simulations.\n\n\
             | estimator | published | here |\n|---|---|---|\n\
             | r^2 with the mean over repeats | .67 | {:.3} +- {:.3} |\n\
             | `scores::cc_norm` squared | | {:.3} +- {:.3} |\n",
            naive.0, naive.1, corrected.0, corrected.1
        )
    }

    /// What is not as published.
    pub fn broken(&self) -> Vec<String> {
        // The published numbers have two digits.
        let off = |name: &str, (mean, error): (f64, f64), published: f64| {
            ((mean - published).abs() > 0.005 + 3.0 * error)
                .then(|| format!("{name} is {mean:.3} +- {error:.3}, published: {published}"))
        };
        off("r^2 of Pospisil and Bair's simulation", self.naive, 0.67).into_iter().collect()
    }
}
