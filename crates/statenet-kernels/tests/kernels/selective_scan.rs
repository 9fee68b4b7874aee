use candle_core::{DType, Device, Tensor};
use statenet_kernels::{SelectiveScan, selective_scan};

use crate::harness::*;

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
