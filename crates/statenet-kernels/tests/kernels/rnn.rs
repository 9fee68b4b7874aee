use candle_core::{Device, Tensor};
use statenet_kernels::rnn;

use crate::harness::*;

/// Two steps by hand: tanh(0.5 + 2 h + 0.25).
#[test]
fn two_steps_by_hand() {
    let cpu = &Device::Cpu;
    let gates = Tensor::new(&[[[0.5f64], [0.5]]], cpu).unwrap();
    let weight = Tensor::new(&[[2f64]], cpu).unwrap();
    let bias = Tensor::new(&[0.25f64], cpu).unwrap();
    let h0 = Tensor::new(&[[-1f64]], cpu).unwrap();
    let (states, last) = rnn(&gates, &weight, &bias, &h0).unwrap();
    let first = (0.5 - 2.0 + 0.25f64).tanh();
    let second = (0.5 + 2.0 * first + 0.25).tanh();
    assert!((numbers(&states)[0] - first).abs() < 1e-15 && (numbers(&states)[1] - second).abs() < 1e-15);
    assert_eq!(numbers(&last)[0], numbers(&states)[1]);
}
