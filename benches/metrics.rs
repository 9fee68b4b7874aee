//! Scoring three NS1-sized test stimuli: 53 neurons, 20 repeats, 999 bins.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use statenet::{data::Predictions, prelude::*, train};

fn scores(c: &mut Criterion) {
    let simulation =
        SimulationConfig { n_stimuli: 4, duration: Millis::new(4995.0).unwrap(), ..Default::default() };
    let simulated = simulation.simulate().unwrap();
    let recording = simulated.recording.smooth(Smoothing::default()).unwrap();
    let stimuli = [1, 2, 3];
    let rates = stimuli.iter().map(|&s| simulated.rates[s].clone()).collect();
    let rates = Predictions::for_recording(&recording, &stimuli, rates).unwrap();
    let mut group = c.benchmark_group("evaluate");
    group.sample_size(20);
    let sizes = format!("S3_N{}_R20_T999", recording.n_neurons());
    for (name, n_bootstrap) in [("scores", 0), ("scores and intervals", 1000)] {
        let options = EvaluationOptions { n_bootstrap, ..EvaluationOptions::for_dt(recording.dt()) };
        group.bench_function(format!("{name}/{sizes}"), |b| {
            b.iter(|| black_box(train::score(&rates, &recording, &stimuli, &options).unwrap()));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = {
        statenet::process::tune();
        Criterion::default()
    };
    targets = scores
}
criterion_main!(benches);
