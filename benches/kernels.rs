//! Fused kernels beside their plain references and candle-nn's GRU: forward and backward.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{RNN, VarBuilder, VarMap};
use criterion::{Criterion, criterion_group, criterion_main};
use statenet::kernels::{
    self, DplrWeights, GatedCell, GatedWeights, Layout, LmuWeights, SelectiveScan, Step, Then, steps,
};
use statenet_benches::{N_BANDS, N_BINS, N_NEURONS, normal};

const HIDDEN: usize = 70;

fn variable(name: &str, shape: &[usize], scale: f64) -> Var {
    Var::from_tensor(&(normal(name, shape).unwrap() * scale).unwrap()).unwrap()
}

fn backward(y: &Tensor) {
    black_box(y.sqr().unwrap().mean_all().unwrap().backward().unwrap());
}

/// The recurrent parameters of G gates, and what drives them.
struct Gated {
    gates: Var,
    x: Tensor,
    weight_ih: Var,
    weight_hh: Var,
    bias: Var,
    h0: Tensor,
}

impl Gated {
    fn new(batch: usize, n_gates: usize) -> Self {
        let rows = n_gates * HIDDEN;
        Self {
            gates: variable("gates", &[batch, N_BINS, rows], 1.0),
            x: normal("x", &[batch, N_BINS, HIDDEN]).unwrap(),
            weight_ih: variable("weight_ih", &[rows, HIDDEN], 0.1),
            weight_hh: variable("weight_hh", &[rows, HIDDEN], 0.1),
            bias: variable("bias", &[rows], 0.1),
            h0: zeros(&[batch, HIDDEN]),
        }
    }

    fn weights(&self) -> GatedWeights<'_> {
        let (weight_ih, weight_hh, bias) = (&self.weight_ih, &self.weight_hh, &self.bias);
        GatedWeights { weight_ih, weight_hh, bias_ih: bias, bias_hh: bias }
    }
}

/// Every gated recurrence on given gates, and with the product that makes them.
fn gated(c: &mut Criterion) {
    for batch in [1, 14] {
        let size = format!("B{batch}_T{N_BINS}_H{HIDDEN}");
        for cell in GatedCell::ALL {
            // An Elman network is PyTorch's `RNN`.
            let name = if cell == GatedCell::Elman { "rnn" } else { cell.name() };
            let g = Gated::new(batch, cell.n_gates());
            let first = vec![g.h0.clone(); cell.carried().len()];
            both(c, name, &size, || {
                kernels::gated_recurrence(cell, &g.gates, &g.weight_hh, &g.bias, &first).unwrap().0
            });
            both(c, &format!("{name} module"), &size, || {
                kernels::gated_layer(cell, &g.x, Layout::TimeFirst, &g.weights(), &first).unwrap().0
            });
        }
    }
}

/// One frame through the parts of a GRU layer.
fn frame(c: &mut Criterion) {
    let g = Gated::new(1, 3);
    let mut affine = steps::Affine::new(&g.weight_ih, Some(&g.bias)).unwrap();
    let mut recurrence = steps::GatedRecurrence::new(GatedCell::Gru, &g.weight_hh, &g.bias).unwrap();
    let (x, mut gates) = ([0.5; HIDDEN], [0.0; 3 * HIDDEN]);
    let (mut state, mut h) = ([0.0; HIDDEN], [0.0; HIDDEN]);
    let mut group = c.benchmark_group("frame");
    group.bench_function(format!("gates of inputs/H{HIDDEN}"), |b| {
        b.iter(|| affine.step(black_box(&x), &mut [], &mut gates).unwrap());
    });
    group.bench_function(format!("gru/H{HIDDEN}"), |b| {
        b.iter(|| recurrence.step(black_box(&gates), &mut state, &mut h).unwrap());
    });
    group.finish();
}

fn candle_gru(c: &mut Criterion) {
    let mut group = c.benchmark_group("gru module");
    group.sample_size(20);
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
            let [weights, biases, gain, bias] = [&weights, &biases, &gain, &bias].map(Var::as_tensor);
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
    let (weight, bias) = (variable("w1", &[channels, 1, kernel], 0.3), variable("b1", &[channels], 0.3));
    group.bench_function(format!("band convolution forward and backward/B1_F{N_BANDS}_T{N_BINS}"), |b| {
        b.iter(|| {
            let y = kernels::band_convolution(&x, weight.as_tensor(), bias.as_tensor(), stride).unwrap();
            backward(&y);
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
        let [q, k, v] = [&q, &k, &v].map(Var::as_tensor);
        group.bench_function(format!("fused forward and backward/{size}"), |b| {
            b.iter(|| backward(&kernels::causal_attention(q, k, v, 0.144, window).unwrap()));
        });
        group.bench_function(format!("plain forward and backward/{size}"), |b| {
            b.iter(|| backward(&kernels::reference::causal_attention(q, k, v, 0.144, window).unwrap()));
        });
    }
    group.finish();
}

/// Both a forward pass and one with the backward pass behind it.
fn both(c: &mut Criterion, group: &str, size: &str, run: impl Fn() -> Tensor) {
    let mut group = c.benchmark_group(group);
    group.sample_size(20);
    group.bench_function(format!("fused forward/{size}"), |b| b.iter(|| black_box(run())));
    group.bench_function(format!("fused forward and backward/{size}"), |b| b.iter(|| backward(&run())));
    group.finish();
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap()
}

/// Leaky integrators and adaptation of a cochleagram.
fn leaky(c: &mut Criterion) {
    let (decay, gain) = (variable("decay", &[N_BANDS], 0.1), variable("gain", &[N_BANDS], 0.1));
    for batch in [1, 14] {
        let x = variable("sound", &[batch, N_BANDS, N_BINS], 1.0);
        let (first, layout) = (zeros(&[batch, N_BANDS]), Layout::ChannelsFirst);
        let size = format!("B{batch}_T{N_BINS}_F{N_BANDS}");
        both(c, "leaky", &size, || kernels::leaky(&x, layout, &decay, &gain, &first).unwrap().0);
        both(c, "adaptation", &size, || kernels::adaptation(&x, layout, &decay, &first).unwrap().0);
    }
}

fn selective_scan(c: &mut Criterion) {
    let (channels, states) = (2 * HIDDEN, 16);
    let a = (variable("a", &[channels, states], 1.0).abs().unwrap() * -8.0).unwrap();
    let d = variable("d", &[channels], 1.0);
    for batch in [1, 14] {
        let x = variable("x", &[batch, N_BINS, channels], 1.0);
        let delta = variable("delta", &[batch, N_BINS, channels], 0.03).abs().unwrap();
        let (b, out) =
            (variable("b", &[batch, N_BINS, states], 1.0), variable("c", &[batch, N_BINS, states], 1.0));
        let h0 = zeros(&[batch, channels, states]);
        let arguments = SelectiveScan { x: &x, delta: &delta, a: &a, b: &b, c: &out, d: &d, h0: &h0 };
        let size = format!("B{batch}_T{N_BINS}_E{channels}_N{states}");
        both(c, "selective_scan", &size, || kernels::selective_scan(arguments).unwrap().0);
    }
}

fn lmu(c: &mut Criterion) {
    let memory = 128;
    let (w_h, w_m) = (variable("w_h", &[HIDDEN, HIDDEN], 0.1), variable("w_m", &[HIDDEN, memory], 0.1));
    let (e_h, e_m) = (variable("e_h", &[HIDDEN], 0.1), variable("e_m", &[memory], 0.01));
    let (ad, bd) = (variable("ad", &[memory, memory], 0.05), variable("bd", &[memory], 0.1));
    let weights = LmuWeights { w_h: &w_h, w_m: &w_m, e_h: &e_h, e_m: &e_m, ad: &ad, bd: &bd };
    for batch in [1, 14] {
        let inputs = variable("inputs", &[batch, N_BINS, HIDDEN + 1], 1.0);
        let (h0, m0) = (zeros(&[batch, HIDDEN]), zeros(&[batch, memory]));
        let size = format!("B{batch}_T{N_BINS}_H{HIDDEN}_M{memory}");
        both(c, "lmu", &size, || kernels::lmu(&inputs, weights, &h0, &m0).unwrap().0);
    }
}

fn state_space(c: &mut Criterion) {
    let pairs = 32;
    let [diagonal, left, right, b, out] =
        ["a", "l", "r", "b", "c"].map(|name| variable(name, &[HIDDEN, pairs, 2], 0.1));
    let weights = DplrWeights { diagonal: &diagonal, left: &left, right: &right, b: &b, c: &out };
    for batch in [1, 14] {
        let u = variable("u", &[batch, N_BINS, HIDDEN], 1.0);
        let s0 = zeros(&[batch, HIDDEN, pairs, 2]);
        let size = format!("B{batch}_T{N_BINS}_H{HIDDEN}_N{pairs}");
        both(c, "diagonal_scan", &size, || kernels::diagonal_scan(&u, &diagonal, &b, &out, &s0).unwrap().0);
        both(c, "dplr_scan", &size, || kernels::dplr_scan(&u, weights, &s0).unwrap().0);
    }
}

fn curves(c: &mut Criterion) {
    let mut group = c.benchmark_group("curves");
    let x = variable("x", &[1, N_NEURONS, N_BINS], 1.0);
    let of_neurons = |name| (variable(name, &[N_NEURONS], 0.1).as_tensor().abs().unwrap() + 0.5).unwrap();
    let parameters = ["a", "b", "c", "d"].map(of_neurons);
    let [first, second, third, fourth] = &parameters;
    let size = format!("B1_T{N_BINS}_N{N_NEURONS}");
    group.bench_function(format!("softplus, forward and backward/{size}"), |b| {
        b.iter(|| backward(&kernels::softplus(x.as_tensor()).unwrap()));
    });
    group.bench_function(format!("softplus curve, forward and backward/{size}"), |b| {
        b.iter(|| backward(&kernels::softplus_curve(x.as_tensor(), first, second).unwrap()));
    });
    group.bench_function(format!("sigmoid curve, forward and backward/{size}"), |b| {
        b.iter(|| backward(&kernels::sigmoid_curve(x.as_tensor(), first, second, third, fourth).unwrap()));
    });
    group.bench_function(format!("double exponential curve, forward and backward/{size}"), |b| {
        b.iter(|| {
            let y = kernels::double_exponential_curve(x.as_tensor(), first, second, third, fourth).unwrap();
            backward(&y);
        });
    });
    group.finish();
}

fn losses(c: &mut Criterion) {
    let mut group = c.benchmark_group("losses");
    let shape = [1, N_NEURONS, N_BINS];
    let rate = (variable("rate", &shape, 1.0).as_tensor().abs().unwrap() + 0.1).unwrap();
    let target = normal("target", &shape).unwrap().abs().unwrap();
    let mask = target.ones_like().unwrap();
    let size = format!("B1_T{N_BINS}_N{N_NEURONS}");
    group.bench_function(format!("masked mse, forward and backward/{size}"), |b| {
        b.iter(|| backward(&kernels::masked_mse(&rate, &target, &mask).unwrap()));
    });
    group.bench_function(format!("masked Poisson, forward and backward/{size}"), |b| {
        b.iter(|| backward(&kernels::masked_poisson(&rate, &target, &mask).unwrap()));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = {
        statenet::process::tune();
        Criterion::default()
    };
    targets = gated, candle_gru, frame, encoder, readout, strf, conv2d, attention, leaky, selective_scan, lmu, state_space, curves, losses
}
criterion_main!(benches);
