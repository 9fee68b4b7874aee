//! Fused kernels beside their plain references and candle-nn's GRU: forward and backward.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{RNN, VarBuilder, VarMap};
use criterion::{Criterion, criterion_group, criterion_main};
use statenet::kernels::{self, Layout, Then};
use statenet_benches::{N_BANDS, N_BINS, N_NEURONS, normal};

const HIDDEN: usize = 70;

fn variable(name: &str, shape: &[usize], scale: f64) -> Var {
    Var::from_tensor(&(normal(name, shape).unwrap() * scale).unwrap()).unwrap()
}

fn backward(y: &Tensor) {
    black_box(y.sqr().unwrap().mean_all().unwrap().backward().unwrap());
}

fn gru(c: &mut Criterion) {
    let mut group = c.benchmark_group("gru");
    group.sample_size(20);
    let (weight, bias) = (variable("w", &[3 * HIDDEN, HIDDEN], 0.1), variable("b", &[3 * HIDDEN], 0.1));
    for batch in [1, 14] {
        let gates = variable("gates", &[batch, N_BINS, 3 * HIDDEN], 1.0);
        let h0 = Tensor::zeros((batch, HIDDEN), DType::F32, &Device::Cpu).unwrap();
        let run = || kernels::gru(gates.as_tensor(), weight.as_tensor(), bias.as_tensor(), &h0).unwrap().0;
        let size = format!("B{batch}_T{N_BINS}_H{HIDDEN}");
        group.bench_function(format!("fused forward/{size}"), |b| b.iter(|| black_box(run())));
        group.bench_function(format!("fused forward and backward/{size}"), |b| b.iter(|| backward(&run())));
    }
    let vars = VarMap::new();
    let builder = VarBuilder::from_varmap(&vars, DType::F32, &Device::Cpu);
    let theirs = candle_nn::gru(HIDDEN, HIDDEN, Default::default(), builder).unwrap();
    let x = normal("x", &[1, N_BINS, HIDDEN]).unwrap();
    let run = || {
        let states = theirs.seq(&x).unwrap();
        theirs.states_to_tensor(&states).unwrap()
    };
    // Their backward recurses over a graph of thousands of nodes: it needs the main thread's stack.
    group.bench_function(format!("candle_nn forward and backward/B1_T{N_BINS}_H{HIDDEN}"), |b| {
        b.iter(|| backward(&run()));
    });
    group.finish();
}

fn encoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("encoder");
    let (channels, kernel, stride) = (7, 7, 3);
    let places = (N_BANDS - kernel) / stride + 1;
    let x = normal("sound", &[1, 1, N_BANDS, N_BINS]).unwrap();
    let (weights, biases) =
        (variable("w", &[channels, kernel, places], 0.3), variable("b", &[channels, places], 0.3));
    let (gain, bias) = (variable("gain", &[channels], 1.0), variable("bias", &[channels], 0.1));
    group.bench_function(format!("one pass forward and backward/B1_F{N_BANDS}_T{N_BINS}"), |b| {
        b.iter(|| {
            let [weights, biases, gain, bias] = [&weights, &biases, &gain, &bias].map(|v| v.as_tensor());
            backward(&kernels::local_encoder(&x, weights, biases, gain, bias, stride, 1e-5).unwrap());
        });
    });
    group.bench_function(format!("two operations forward and backward/B1_F{N_BANDS}_T{N_BINS}"), |b| {
        b.iter(|| {
            let y = kernels::locally_connected(&x, weights.as_tensor(), biases.as_tensor(), stride).unwrap();
            backward(
                &kernels::channel_norm(&y, gain.as_tensor(), bias.as_tensor(), 1e-5, Then::Sigmoid).unwrap(),
            );
        });
    });
    group.finish();
}

fn readout(c: &mut Criterion) {
    let mut group = c.benchmark_group("readout");
    let states = variable("states", &[1, N_BINS, HIDDEN], 1.0);
    let (weight, bias) = (variable("w", &[N_NEURONS, HIDDEN], 0.1), variable("b", &[N_NEURONS], 0.1));
    let (beta, floor) = (variable("beta", &[N_NEURONS], 1.0), variable("floor", &[N_NEURONS], 0.1));
    let beta = (beta.as_tensor().abs().unwrap() + 1.0).unwrap();
    group.bench_function(
        format!("affine and softplus curve, forward and backward/B1_T{N_BINS}_N{N_NEURONS}"),
        |b| {
            b.iter(|| {
                let y = kernels::affine(
                    states.as_tensor(),
                    Layout::TimeFirst,
                    weight.as_tensor(),
                    Some(bias.as_tensor()),
                    Layout::ChannelsFirst,
                )
                .unwrap();
                backward(&kernels::softplus_curve(&y, &beta, floor.as_tensor()).unwrap());
            });
        },
    );
    group.finish();
}

fn strf(c: &mut Criterion) {
    let mut group = c.benchmark_group("causal_strf");
    let x = normal("sound", &[1, 1, N_BANDS, N_BINS]).unwrap();
    for lags in [9, 40] {
        let weight = variable("w", &[N_NEURONS, 1, N_BANDS, lags], 0.01);
        group.bench_function(format!("fused forward and backward/B1_T{N_BINS}_N{N_NEURONS}_K{lags}"), |b| {
            b.iter(|| backward(&kernels::causal_strf(&x, weight.as_tensor(), None, None).unwrap()));
        });
    }
    group.finish();
}

/// The three layers of the 2D-CNN: ten channels, filters of 3 bands and 9 bins.
fn conv2d(c: &mut Criterion) {
    let mut group = c.benchmark_group("causal_conv2d");
    group.sample_size(20);
    let weights = [1, 10, 10].map(|inputs| variable("w", &[10, inputs, 3, 9], 0.1));
    let bias = variable("b", &[10], 0.1);
    for batch in [1, 14] {
        let x = normal("sound", &[batch, 1, N_BANDS, N_BINS]).unwrap();
        let run = || {
            weights.iter().fold(x.clone(), |x, weight| {
                kernels::causal_conv2d(&x, weight.as_tensor(), bias.as_tensor(), None).unwrap()
            })
        };
        let size = format!("B{batch}_F{N_BANDS}_T{N_BINS}");
        group.bench_function(format!("fused three layers forward/{size}"), |b| b.iter(|| black_box(run())));
        group.bench_function(format!("fused three layers forward and backward/{size}"), |b| {
            b.iter(|| backward(&run()));
        });
    }
    group.finish();
}

fn attention(c: &mut Criterion) {
    let mut group = c.benchmark_group("causal_attention");
    group.sample_size(20);
    let depth = 48;
    for (heads, window) in [(1, None), (1, Some(50)), (4, None)] {
        let [q, k, v] = ["q", "k", "v"].map(|name| variable(name, &[1, heads, N_BINS, depth], 1.0));
        let size = match window {
            None => format!("B1_T{N_BINS}_D{depth}_heads{heads}"),
            Some(window) => format!("B1_T{N_BINS}_D{depth}_heads{heads}_window{window}"),
        };
        let [q, k, v] = [&q, &k, &v].map(|x| x.as_tensor());
        group.bench_function(format!("fused forward and backward/{size}"), |b| {
            b.iter(|| backward(&kernels::causal_attention(q, k, v, 0.144, window).unwrap()));
        });
        group.bench_function(format!("plain forward and backward/{size}"), |b| {
            b.iter(|| backward(&kernels::reference::causal_attention(q, k, v, 0.144, window).unwrap()));
        });
    }
    group.finish();
}

criterion_group!(benches, gru, encoder, readout, strf, conv2d, attention);
criterion_main!(benches);
