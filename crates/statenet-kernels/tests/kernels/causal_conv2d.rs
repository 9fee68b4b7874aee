use candle_core::{DType, Tensor};
use statenet_kernels::{causal_conv2d, causal_strf, reference};

use crate::harness::*;

/// x, weight, bias, context.
fn inputs(seed: u64, [batch, ins, rows, time, outs, width, lags]: [usize; 7]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let bands = rows + width - 1;
    let mut inputs =
        vec![n.signed(&[batch, ins, bands, time]), n.signed(&[outs, ins, width, lags]), n.signed(&[outs])];
    if lags > 1 {
        inputs.push(n.signed(&[batch, ins, bands, lags - 1]));
    }
    inputs
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    vec![causal_conv2d(&x[0], &x[1], &x[2], x.get(3)).unwrap()]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    vec![reference::causal_conv2d(&x[0], &x[1], &x[2], x.get(3)).unwrap()]
}

/// Filters are worked on in groups of up to six, and of up to five in the backward pass.
#[test]
fn every_number_of_filters_is_right() {
    for n in 1..15 {
        check(fused, plain, &inputs(n as u64, [1, n, 2, 20, 15 - n, 3, 3]), Memory::Contiguous);
    }
}

#[test]
fn a_filter_as_wide_as_the_bands_is_a_receptive_field() {
    for bands in [3, 5] {
        let x = inputs(2, [2, 2, 1, 50, 4, bands, 5]);
        let field = |x: &[Tensor]| {
            let y = causal_strf(&x[0], &x[1], Some(&x[2]), Some(&x[3])).unwrap();
            vec![y.unsqueeze(2).unwrap()]
        };
        check(fused, field, &x, Memory::Contiguous);
    }
}

/// Two bands, Kf = Kt = 2: 10 x[t-1] + x[t] of the first and 100 x[t] of the second.
#[test]
fn a_filter_by_hand() {
    let cpu = &candle_core::Device::Cpu;
    let x = Tensor::new(&[[[[1f64, 2.0, 3.0], [1.0, 1.0, 1.0]]]], cpu).unwrap();
    let weight = Tensor::new(&[[[[10f64, 1.0], [0.0, 100.0]]]], cpu).unwrap();
    let bias = Tensor::new(&[0.5f64], cpu).unwrap();
    let context = Tensor::new(&[[[[7f64], [9.0]]]], cpu).unwrap();
    let y = causal_conv2d(&x, &weight, &bias, Some(&context)).unwrap();
    assert_eq!(numbers(&y), [171.5, 112.5, 123.5]);
}

#[test]
fn no_context_is_silence() {
    let mut x = inputs(8, [2, 2, 3, 7, 4, 3, 5]);
    x[3] = x[3].zeros_like().unwrap();
    let silent = fused(&x).remove(0);
    assert_eq!(bits(&fused(&x[..3])[0]), bits(&silent));
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 2, 3, 6, 4, 3, 5]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        causal_conv2d(&x[0], &x[1], &x[2], Some(&x[3])).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    let shape = "x has shape (2, 1, 5, 6), expected (_, 2, _, _)";
    assert_eq!(text(0, part(0, 1, 1)), format!("causal_conv2d: {shape}"));
    let width = "weight's width is 3, expected at most the number of bands";
    assert_eq!(text(0, part(0, 2, 2)), format!("causal_conv2d: {width}"));
    assert_eq!(text(2, part(2, 0, 3)), "causal_conv2d: bias has shape (3), expected (4)");
    let shape = "context has shape (2, 2, 5, 3), expected (2, 2, 5, 4)";
    assert_eq!(text(3, part(3, 3, 3)), format!("causal_conv2d: {shape}"));
    let single = x[2].to_dtype(DType::F32).unwrap();
    assert_eq!(text(2, single), "causal_conv2d: bias has dtype F32, expected F64");
}

#[test]
fn one_lag_needs_no_context_and_takes_an_empty_one() {
    let x = inputs(1, [1, 2, 2, 3, 2, 3, 1]);
    let empty = x[0].narrow(3, 0, 0).unwrap();
    let with = causal_conv2d(&x[0], &x[1], &x[2], Some(&empty)).unwrap();
    assert_eq!(bits(&with), bits(&fused(&x)[0]));
}
