//! The simulation of Pospisil and Bair (2021): a model that is right, 362 stimuli, four repeats, a signal-to-noise ratio of .5.
//!
//! r^2 with the mean over repeats is .67 there, their estimator 1.00. Each stimulus has one response: the stimuli are the bins of one
//! observation.

use ndarray::{Array2, Array3};
use rayon::prelude::*;
use statenet::{
    core::{ResponseMask, Seed},
    metrics::{Observation, published, scores},
};

use crate::cells::moments;

const N_STIMULI: usize = 362;
const N_REPEATS: usize = 4;
const SNR: f64 = 0.5;

/// Mean and standard error over simulations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pospisil {
    naive: (f64, f64),
    squared: (f64, f64),
    unbiased: (f64, f64),
    as_published: (f64, f64),
    n: usize,
}

/// Runs the simulation.
///
/// # Errors
/// If a score refuses the data.
pub(crate) fn run(n: usize, seed: Seed) -> anyhow::Result<Pospisil> {
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
            let unbiased = scores::r2_er(&observation)?[0]?.value();
            let published = published::pospisil2021::r2_er(&observation)?[0]?.value();
            Ok([naive, corrected, unbiased, published])
        })
        .collect::<anyhow::Result<Vec<[f64; 4]>>>()?;
    let of = |k: usize| {
        let (mean, deviation) = moments(&values.iter().map(|v| v[k]).collect::<Vec<_>>());
        (mean, deviation / (n as f64).sqrt())
    };
    Ok(Pospisil { naive: of(0), squared: of(1), unbiased: of(2), as_published: of(3), n })
}

impl Pospisil {
    /// The estimators with the published numbers.
    fn rows(&self) -> [(&'static str, (f64, f64), Option<f64>); 4] {
        [
            ("r^2 with the mean over repeats", self.naive, Some(0.67)),
            ("`published::pospisil2021::r2_er`", self.as_published, Some(1.0)),
            ("`scores::r2_er`", self.unbiased, Some(1.0)),
            ("`scores::cc_norm` squared", self.squared, None),
        ]
    }

    /// Its part of the page.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "\n## The simulation of Pospisil and Bair\n\nA right model, {N_STIMULI} stimuli, {N_REPEATS} repeats, SNR {SNR}, \
             {} simulations; mean and standard error.\n\n| estimator | published | here |\n|---|---|---|\n",
            self.n
        );
        for (name, (mean, error), published) in self.rows() {
            let published = published.map_or_else(String::new, |p| format!("{p:.2}"));
            text += &format!("| {name} | {published} | {mean:.4} +- {error:.4} |\n");
        }
        text
    }

    /// What is not as published.
    pub(crate) fn broken(&self) -> Vec<String> {
        // The published numbers have two digits.
        let off = |(name, (mean, error), published): (&str, (f64, f64), Option<f64>)| {
            let published = published?;
            ((mean - published).abs() > 0.005 + 3.0 * error)
                .then(|| format!("{name} is {mean:.4} +- {error:.4}, published: {published}"))
        };
        self.rows().into_iter().filter_map(off).collect()
    }
}
