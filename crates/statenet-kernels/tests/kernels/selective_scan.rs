use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{SelectiveScan, reference, selective_scan, steps};

use crate::{harness::*, stepping::check_step};

/// x, delta, A, B, C, D, h0.
fn inputs(seed: u64, [batch, time, channels, states]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    vec![
        n.signed(&[batch, time, channels]),
        n.tensor(&[batch, time, channels], 0.02, 1.0),
        n.tensor(&[channels, states], -2.0, -0.1),
        n.signed(&[batch, time, states]),
        n.signed(&[batch, time, states]),
        n.signed(&[channels]),
        n.signed(&[batch, channels, states]),
    ]
}

fn arguments(x: &[Tensor]) -> SelectiveScan<'_> {
    SelectiveScan { x: &x[0], delta: &x[1], a: &x[2], b: &x[3], c: &x[4], d: &x[5], h0: &x[6] }
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    let (y, last) = selective_scan(arguments(x)).unwrap();
    vec![y, last]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    let (y, last) = reference::selective_scan(arguments(x)).unwrap();
    vec![y, last]
}

fn chunked(x: &[Tensor], first: usize) -> Vec<Tensor> {
    let rest = x[0].dim(1).unwrap() - first;
    let part = |from, bins| {
        let mut chunk = x.to_vec();
        for i in [0, 1, 3, 4] {
            chunk[i] = x[i].narrow(1, from, bins).unwrap();
        }
        chunk
    };
    let a = fused(&part(0, first));
    let mut chunk = part(first, rest);
    chunk[6] = a[1].clone();
    let b = fused(&chunk);
    vec![Tensor::cat(&[&a[0], &b[0]], 1).unwrap(), b[1].clone()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, time in 1usize..9, channels in 1usize..20, states in 1usize..10,
        memory in 0usize..3,
    ) {
        check(fused, plain, &inputs(seed, [batch, time, channels, states]), MEMORIES[memory]);
    }

    #[test]
    fn chunks_equal_the_whole(
        seed: u64, batch in 1usize..3, first in 1usize..20, rest in 1usize..20, channels in 1usize..12,
    ) {
        check(|x| chunked(x, first), fused, &inputs(seed, [batch, first + rest, channels, 3]), Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(seed: u64, time in 2usize..60, channels in 1usize..40) {
        check_causal(|x| fused(x).remove(0), &inputs(seed, [2, time, channels, 16]), (1, 1));
    }

    #[test]
    fn steps_equal_the_whole(seed: u64, batch in 1usize..3, time in 1usize..20, channels in 1usize..20, states in 1usize..20) {
        let x = inputs(seed, [batch, time, channels, states]);
        let whole = fused(&x);
        let bins = Tensor::cat(&[&x[0], &x[1], &x[3], &x[4]], 2).unwrap();
        let mut step = steps::SelectiveScan::new(&x[2], &x[5]).unwrap();
        check_step(&mut step, &bins, &x[6], &whole[0], &whole[1]);
    }
}

/// The backward pass starts again from a kept state every 16 bins.
#[test]
fn clips_longer_than_a_block_are_right() {
    for time in [15, 16, 17, 32, 50] {
        check(fused, plain, &inputs(time as u64, [2, time, 9, 16]), Memory::Contiguous);
    }
}

#[test]
fn threads_do_not_show() {
    for batch in [1, 2, 5] {
        check_threads(fused, &inputs(9, [batch, 40, 35, 16]));
    }
}

/// Two states of one channel by hand: rates 0 and -1 with d = ln 2, so that they keep all and half.
#[test]
fn two_states_by_hand() {
    let cpu = &Device::Cpu;
    let d = 2f64.ln();
    let x = [
        Tensor::new(&[[[1.0 / d], [0.0]]], cpu).unwrap(),
        Tensor::new(&[[[d], [d]]], cpu).unwrap(),
        Tensor::new(&[[0.0, -1.0]], cpu).unwrap(),
        Tensor::new(&[[[3.0, 5.0], [7.0, 7.0]]], cpu).unwrap(),
        Tensor::new(&[[[1.0, 0.0], [10.0, 100.0]]], cpu).unwrap(),
        Tensor::new(&[2.0 * d], cpu).unwrap(),
        Tensor::new(&[[[1.0, 2.0]]], cpu).unwrap(),
    ];
    // h[0] = (1 + 3, 1 + 5), y[0] = 4 + 2; h[1] = (4, 3), y[1] = 40 + 300.
    let got = fused(&x);
    for (got, expected) in got.iter().flat_map(numbers).zip([6.0, 340.0, 4.0, 3.0]) {
        assert!((got - expected).abs() < 1e-12, "{got}, expected {expected}");
    }
}

#[test]
fn a_long_clip_trains() {
    let x: Vec<Var> = inputs(2, [1, 100_000, 2, 2])
        .iter()
        .map(|x| Var::from_tensor(&x.to_dtype(DType::F32).unwrap()).unwrap())
        .collect();
    let tensors: Vec<Tensor> = x.iter().map(|x| x.as_tensor().clone()).collect();
    let loss = fused(&tensors)[0].sqr().unwrap().mean_all().unwrap();
    let grads = loss.backward().unwrap();
    assert!(x.iter().all(|x| numbers(grads.get(x).unwrap()).iter().all(|g| g.is_finite())));
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4, 5]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        selective_scan(arguments(&x)).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, part(0, 2, 3)), "selective_scan: x has shape (2, 3, 3), expected (_, _, 4)");
    assert_eq!(text(1, part(1, 1, 2)), "selective_scan: delta has shape (2, 2, 4), expected (2, 3, 4)");
    assert_eq!(text(3, part(3, 2, 4)), "selective_scan: b has shape (2, 3, 4), expected (2, 3, 5)");
    assert_eq!(text(4, part(4, 0, 1)), "selective_scan: c has shape (1, 3, 5), expected (2, 3, 5)");
    assert_eq!(text(5, part(5, 0, 1)), "selective_scan: d has shape (1), expected (4)");
    assert_eq!(text(6, part(6, 2, 1)), "selective_scan: h0 has shape (2, 4, 1), expected (2, 4, 5)");
    let half = x[6].to_dtype(DType::F16).unwrap();
    assert_eq!(text(6, half), "selective_scan: h0 has dtype F16, expected F64");
}
