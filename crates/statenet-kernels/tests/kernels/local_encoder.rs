use candle_core::{DType, Tensor};
use statenet_kernels::{Step, Then, channel_norm, local_encoder, locally_connected, steps};

use crate::harness::*;

/// A variance near zero amplifies rounding, in the reference as well: a large eps keeps the comparison fair.
const EPS: f64 = 0.1;

/// x, weights, biases, gain, bias.
fn inputs(
    seed: u64,
    [batch, ins, time, channels, width, positions, stride]: [usize; 7],
    spare: usize,
) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let bands = width + (positions - 1) * stride + spare.min(stride - 1);
    vec![
        n.signed(&[batch, ins, bands, time]),
        n.signed(&[channels, ins * width, positions]),
        n.signed(&[channels, positions]),
        n.signed(&[channels]),
        n.signed(&[channels]),
    ]
}

fn fused(x: &[Tensor], stride: usize) -> Tensor {
    local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, EPS).unwrap()
}

fn single(x: &[Tensor]) -> Vec<Tensor> {
    x.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect()
}

#[test]
fn one_pass_equals_three() {
    let x = inputs(3, [2, 2, 70, 7, 7, 10, 3], 0);
    let parts = |x: &[Tensor]| {
        let a = locally_connected(&x[0], &x[1], &x[2], 3).unwrap();
        vec![channel_norm(&a, &x[3], &x[4], EPS, Then::Sigmoid).unwrap()]
    };
    check(|x| vec![fused(x, 3)], parts, &x, Memory::Contiguous);
}

/// Bands 3 and 1 seen by one channel each: mean 2, variance 1, so 1 and -1 before gain and bias.
#[test]
fn two_channels_by_hand() {
    let cpu = &candle_core::Device::Cpu;
    let x = Tensor::new(&[[[[3f64], [1.0]]]], cpu).unwrap();
    let weights = Tensor::new(&[[[1f64], [0.0]], [[0.0], [1.0]]], cpu).unwrap();
    let biases = Tensor::zeros((2, 1), DType::F64, cpu).unwrap();
    let gain = Tensor::new(&[2f64, 3.0], cpu).unwrap();
    let bias = Tensor::new(&[0f64, 1.0], cpu).unwrap();
    let y = numbers(&local_encoder(&x, &weights, &biases, &gain, &bias, 1, 1e-14).unwrap());
    for (y, v) in y.iter().zip([2.0, -2.0]) {
        assert!((y - 1.0 / (1.0 + f64::exp(-v))).abs() < 1e-12, "{y}");
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 2, 3, 4, 3, 5, 2], 0);
    let text = |i: usize, wrong: Tensor, stride, eps| {
        let mut x = x.clone();
        x[i] = wrong;
        local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, eps).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, x[0].clone(), 0, EPS), "local_encoder: stride is 0, expected at least 1");
    assert_eq!(text(0, x[0].clone(), 2, 0.0), "local_encoder: eps is 0, expected positive and finite");
    let shape = "has shape (4, 6, 4), expected (4, 6, 5)";
    assert_eq!(text(1, part(1, 2, 4), 2, EPS), format!("local_encoder: weights {shape}"));
    assert_eq!(text(2, part(2, 1, 4), 2, EPS), "local_encoder: biases has shape (4, 4), expected (4, 5)");
    assert_eq!(text(3, part(3, 0, 2), 2, EPS), "local_encoder: gain has shape (2), expected (4)");
    assert_eq!(text(4, part(4, 0, 2), 2, EPS), "local_encoder: bias has shape (2), expected (4)");
    let other = x[4].to_dtype(DType::F32).unwrap();
    assert_eq!(text(4, other, 2, EPS), "local_encoder: bias has dtype F32, expected F64");
    let x = single(&x);
    let mut step = steps::LocalEncoder::new((2, 11), &x[1], &x[2], &x[3], &x[4], 2, EPS).unwrap();
    let error = step.step(&[0.0; 21], &mut [], &mut [0.0; 20]).unwrap_err();
    assert_eq!(error.to_string(), "local_encoder: input has shape (21), expected (22)");
    let error = steps::LocalEncoder::new((2, 12), &x[1], &x[2], &x[3], &x[4], 1, EPS).unwrap_err();
    assert!(error.to_string().starts_with("local_encoder: weights has shape (4, 6, 5)"), "{error}");
}
