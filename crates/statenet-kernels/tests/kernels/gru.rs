use candle_core::{DType, Device, Tensor};
use statenet_kernels::gru;

use crate::harness::*;

/// H = 1, T = 3, by hand: with all weights 0 and gates u = (0, ln 3, tanh^-1 1/2), z = 3/4 and n = 1/2, so
/// h goes from 1 towards 1/2 in steps of a quarter of the way: 7/8, 25/32, 91/128.
#[test]
fn a_unit_without_weights_moves_by_one_minus_z() {
    let gate = [0.0, 3f64.ln(), 0.5f64.atanh()];
    let gates = Tensor::from_vec(gate.repeat(3), (1, 3, 3), &Device::Cpu).unwrap();
    let weight = Tensor::zeros((3, 1), DType::F64, &Device::Cpu).unwrap();
    let bias = Tensor::zeros(3, DType::F64, &Device::Cpu).unwrap();
    let h0 = Tensor::ones((1, 1), DType::F64, &Device::Cpu).unwrap();
    let (states, last) = gru(&gates, &weight, &bias, &h0).unwrap();
    let states = numbers(&states);
    for (got, expected) in states.iter().zip([7.0 / 8.0, 25.0 / 32.0, 91.0 / 128.0]) {
        assert!((got - expected).abs() < 1e-15, "{got} {expected}");
    }
    assert_eq!(numbers(&last), states[2..]);
}

/// One step by hand with all gates at work: r = z = sigmoid(1), q_n = 2 h + 1 = 3.
#[test]
fn the_reset_gate_multiplies_the_product_with_its_bias() {
    let cpu = &Device::Cpu;
    let gates = Tensor::new(&[[[0f64, 0.0, 0.5]]], cpu).unwrap();
    let weight = Tensor::new(&[[1f64], [1.0], [2.0]], cpu).unwrap();
    let bias = Tensor::new(&[0f64, 0.0, 1.0], cpu).unwrap();
    let h0 = Tensor::new(&[[1f64]], cpu).unwrap();
    let (_, last) = gru(&gates, &weight, &bias, &h0).unwrap();
    let gate = 1.0 / (1.0 + (-1f64).exp());
    let n = (0.5 + gate * 3.0f64).tanh();
    assert!((numbers(&last)[0] - (n + gate * (1.0 - n))).abs() < 1e-15);
}
