use candle_core::{Device, Tensor};
use statenet_kernels::lstm;

use crate::harness::*;

/// One step by hand with all gates at work: i = sigmoid(1), f = sigmoid(2), g = tanh(3), o = sigmoid(4).
#[test]
fn one_step_by_hand() {
    let cpu = &Device::Cpu;
    let gates = Tensor::new(&[[[0f64, 0.0, 1.0, 1.0]]], cpu).unwrap();
    let weight = Tensor::new(&[[1f64], [2.0], [2.0], [2.0]], cpu).unwrap();
    let bias = Tensor::new(&[0f64, 0.0, 0.0, 1.0], cpu).unwrap();
    let (h0, c0) = (Tensor::new(&[[1f64]], cpu).unwrap(), Tensor::new(&[[0.5f64]], cpu).unwrap());
    let run = lstm(&gates, &weight, &bias, &h0, &c0).unwrap();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let c = sigmoid(2.0) * 0.5 + sigmoid(1.0) * 3f64.tanh();
    assert!((numbers(&run.cell)[0] - c).abs() < 1e-15);
    assert!((numbers(&run.last)[0] - sigmoid(4.0) * c.tanh()).abs() < 1e-15);
}
