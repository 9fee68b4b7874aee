//! Whole models: a training step (forward, loss, backward, AdamW), a forward pass, and one streamed frame.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use candle_core::{DType, Device, Tensor};
use candle_nn::Optimizer;
use criterion::{Criterion, criterion_group, criterion_main};
use statenet::{
    prelude::*,
    train::optimizers::{AdamW, AdamWConfig},
};
use statenet_benches::{N_BANDS, N_BINS, N_NEURONS, normal};

fn models(c: &mut Criterion) {
    let axes = Axes::new(N_BANDS, N_NEURONS, TimeBin::from_millis(5.0).unwrap());
    for entry in zoo::taking(Input::Cochleagram) {
        let mut group = c.benchmark_group(entry.name);
        group.sample_size(20);
        let model = (entry.config)(&axes).build(Seed::new(0), &Device::Cpu).unwrap();
        for batch in [1, 14] {
            let sound = normal("sound", &[batch, 1, N_BANDS, N_BINS]).unwrap();
            let target = normal("target", &[batch, N_NEURONS, N_BINS]).unwrap().abs().unwrap();
            let mask = Tensor::ones(target.dims(), DType::F32, &Device::Cpu).unwrap();
            let mut optimizer = AdamW::for_params(model.params(), AdamWConfig::default()).unwrap();
            let size = format!("B{batch}_F{N_BANDS}_T{N_BINS}_N{N_NEURONS}");
            group.bench_function(format!("training step/{size}"), |b| {
                b.iter(|| {
                    let rates = model.forward(&sound, Mode::Eval).unwrap();
                    let loss = Loss::Mse.apply(&rates, &target, &mask, None).unwrap();
                    optimizer.backward_step(&loss).unwrap();
                });
            });
            group.bench_function(format!("forward/{size}"), |b| {
                b.iter(|| black_box(model.forward(&sound, Mode::Eval).unwrap()));
            });
        }
        let frame = normal("frame", &[1, 1, N_BANDS]).unwrap();
        let mut state = model.init_state(1).unwrap();
        group.bench_function("step/B1", |b| b.iter(|| black_box(model.step(&frame, &mut state).unwrap())));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = {
        statenet::process::tune();
        Criterion::default()
    };
    targets = models
}
criterion_main!(benches);
