//! Noise ceilings of a recording of the size of NS1, from 126 half splits (Hsu, Borst and Theunissen 2004).

use std::hint::black_box;

use ndarray::{Array2, Array3};
use statenet::{
    core::ResponseMask,
    metrics::{Observation, ceilings::SplitOptions, published::hsu2004},
    prelude::Seed,
};
use statenet_benches::N_NEURONS;

use crate::bench::Bench;

const SOUNDS: usize = 3;
const REPEATS: usize = 20;
const BINS: usize = 999;

pub(crate) fn measure(bench: &mut Bench) -> anyhow::Result<()> {
    let mut stream = Seed::new(0).stream("peers/ceilings");
    let mask = ResponseMask::all(N_NEURONS, REPEATS, BINS);
    let sounds: Vec<(Array2<f64>, Array3<f64>)> = (0..SOUNDS)
        .map(|sound| {
            let rate = Array2::from_shape_fn((N_NEURONS, BINS), |(n, t)| {
                0.5 + 0.4 * (0.05 * t as f64 + (n + sound) as f64).sin()
            });
            let responses = Array3::from_shape_fn((N_NEURONS, REPEATS, BINS), |(n, _, t)| {
                f64::from(stream.poisson(rate[[n, t]]))
            });
            (rate, responses)
        })
        .collect();
    let observations: Vec<Observation<'_>> =
        sounds.iter().map(|(p, y)| Observation::new(p.view(), y.view(), &mask)).collect::<Result<_, _>>()?;
    bench.time("ceiling hsu", 1, || {
        let scores = black_box(hsu2004::cc_norm(&observations, &SplitOptions::default())?);
        anyhow::ensure!(scores.iter().all(Result::is_ok), "a neuron has no ceiling");
        Ok(())
    })
}
