//! Interpretation of a StateNet-GRU for NS1: gradient maps of all neurons over one second, dynamic STRFs of five seconds of
//! sound, steps of dreams.
//!
//! Runs in the rayon pool: `RAYON_NUM_THREADS=2 cargo bench -p statenet-benches --bench interp`.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use candle_core::{DType, Device, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use statenet::{
    interp::{
        MapConfig, Target,
        dreams::{DreamConfig, Start, dream},
        dstrf, null_maps, target_maps,
    },
    prelude::*,
};
use statenet_benches::{N_BANDS, N_BINS, N_NEURONS, normal};

/// One second in bins of 5 ms.
const SECOND: usize = 200;

fn interp(c: &mut Criterion) {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::from_millis(5.0).unwrap());
    let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
    let all = Target::neurons(0..N_NEURONS);
    let mut group = c.benchmark_group("statenet-gru");
    group.sample_size(10);

    let null = Tensor::zeros((1, 1, N_BANDS, SECOND), DType::F32, &Device::Cpu).unwrap();
    let size = format!("N{N_NEURONS}_F{N_BANDS}_L{SECOND}");
    group.bench_function(format!("gradient maps/{size}"), |b| {
        b.iter(|| black_box(target_maps(&*model, &null, &all, &MapConfig::default()).unwrap()));
    });
    group.bench_function(format!("null maps/{size}"), |b| {
        b.iter(|| black_box(null_maps(&*model, SECOND, &all).unwrap()));
    });

    let sound = normal("sound", &[1, 1, N_BANDS, N_BINS]).unwrap();
    for lags in [60, 100, SECOND] {
        group.bench_function(format!("dstrf/N1_F{N_BANDS}_T{N_BINS}_L{lags}"), |b| {
            b.iter(|| black_box(dstrf(&*model, &sound, &[Target::Neuron(7)], lags).unwrap()));
        });
    }

    // A tenth of the usual number of steps.
    const STEPS: usize = 150;
    let starts = vec![Start::Noise(0.1)];
    let config = DreamConfig { n_bins: 100, steps: STEPS, starts, ..DreamConfig::default() };
    group.bench_function(format!("dream/N16_F{N_BANDS}_T100_steps{STEPS}"), |b| {
        b.iter(|| black_box(dream(&*model, &Target::neurons(0..16), &config).unwrap()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = {
        statenet::process::tune();
        Criterion::default()
    };
    targets = interp
}
criterion_main!(benches);
