use candle_core::{DType, Device, Tensor, Var};
use statenet_kernels::{LmuWeights, lmu, reference};

use crate::harness::*;

/// Inputs, W_h, W_m, e_h, e_m, h0, m0.
fn inputs(seed: u64, [batch, time, hidden, memory]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let scale = |size: usize| 1.0 / (size as f64).sqrt();
    vec![
        n.signed(&[batch, time, hidden + 1]),
        (n.signed(&[hidden, hidden]) * scale(hidden)).unwrap(),
        (n.signed(&[hidden, memory]) * scale(memory)).unwrap(),
        (n.signed(&[hidden]) * scale(hidden)).unwrap(),
        (n.signed(&[memory]) * scale(memory)).unwrap(),
        n.signed(&[batch, hidden]),
        n.signed(&[batch, memory]),
    ]
}

/// Ad and Bd of a memory that fades.
fn constants(memory: usize) -> (Tensor, Tensor) {
    let mut n = Numbers(memory as u64);
    let scale = 0.8 / (memory as f64).sqrt();
    ((n.signed(&[memory, memory]) * scale).unwrap(), n.signed(&[memory]))
}

fn weights<'a>(x: &'a [Tensor], (ad, bd): &'a (Tensor, Tensor)) -> LmuWeights<'a> {
    LmuWeights { w_h: &x[1], w_m: &x[2], e_h: &x[3], e_m: &x[4], ad, bd }
}

fn constants_like(x: &[Tensor]) -> (Tensor, Tensor) {
    let (ad, bd) = constants(x[4].dim(0).unwrap());
    (ad.to_dtype(x[0].dtype()).unwrap(), bd.to_dtype(x[0].dtype()).unwrap())
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    let constants = constants_like(x);
    let (states, h, m) = lmu(&x[0], weights(x, &constants), &x[5], &x[6]).unwrap();
    vec![states, h, m]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    let constants = constants_like(x);
    let (states, h, m) = reference::lmu(&x[0], weights(x, &constants), &x[5], &x[6]).unwrap();
    vec![states, h, m]
}

#[test]
fn every_size_of_group_and_width_of_panel_is_right() {
    for (hidden, memory) in [(8, 8), (70, 128), (33, 95), (1, 97)] {
        check(fused, plain, &inputs(hidden as u64, [1, 3, hidden, memory]), Memory::Contiguous);
    }
    for batch in [3, 7, 8, 14] {
        check(fused, plain, &inputs(batch as u64, [batch, 4, 9, 17]), Memory::Contiguous);
    }
}

/// H = M = 1, two bins by hand.
#[test]
fn one_unit_and_one_number_of_memory() {
    let cpu = &Device::Cpu;
    let x = Tensor::new(&[[[0.1f64, 1.0], [0.2, 0.0]]], cpu).unwrap();
    let (w_h, w_m) = (Tensor::new(&[[0.5f64]], cpu).unwrap(), Tensor::new(&[[0.25f64]], cpu).unwrap());
    let (e_h, e_m) = (Tensor::new(&[2f64], cpu).unwrap(), Tensor::new(&[3f64], cpu).unwrap());
    let (ad, bd) = (Tensor::new(&[[0.5f64]], cpu).unwrap(), Tensor::new(&[0.1f64], cpu).unwrap());
    let weights = LmuWeights { w_h: &w_h, w_m: &w_m, e_h: &e_h, e_m: &e_m, ad: &ad, bd: &bd };
    let (h0, m0) = (Tensor::new(&[[0.5f64]], cpu).unwrap(), Tensor::new(&[[1f64]], cpu).unwrap());
    let (states, _, memory) = lmu(&x, weights, &h0, &m0).unwrap();
    // u = 1 + 2/2 + 3 = 5 and m = 1/2 + 5/10 = 1; then u = 2 h + 3.
    let h = (0.1 + 0.5 * 0.5 + 0.25f64).tanh();
    let m = 0.5 + 0.1 * (2.0 * h + 3.0);
    let expected = [h, (0.2 + 0.5 * h + 0.25 * m).tanh(), m];
    for (got, expected) in numbers(&states).into_iter().chain(numbers(&memory)).zip(expected) {
        assert!((got - expected).abs() < 1e-14, "{got}, expected {expected}");
    }
}

/// Also where they are variables, or computed from some.
#[test]
fn constants_get_no_gradient() {
    let x = inputs(3, [2, 3, 4, 5]);
    let (ad, bd) = constants(5);
    let (ad, bd) = (Var::from_tensor(&ad).unwrap(), Var::from_tensor(&bd).unwrap());
    let pair = (ad.affine(1.0, 0.0).unwrap(), bd.as_tensor().clone());
    let w_h = Var::from_tensor(&x[1]).unwrap();
    let mut weights = weights(&x, &pair);
    weights.w_h = &w_h;
    let (states, ..) = lmu(&x[0], weights, &x[5], &x[6]).unwrap();
    let grads = states.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&w_h).is_some() && grads.get(&ad).is_none() && grads.get(&bd).is_none());
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4, 5]);
    let constants = constants(5);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        lmu(&x[0], weights(&x, &constants), &x[5], &x[6]).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, part(0, 2, 4)), "lmu: inputs has shape (2, 3, 4), expected (_, _, 5)");
    assert_eq!(text(1, part(1, 0, 3)), "lmu: w_h has shape (3, 4), expected (4, 4)");
    assert_eq!(text(3, part(3, 0, 3)), "lmu: e_h has shape (3), expected (4)");
    assert_eq!(text(4, part(4, 0, 3)), "lmu: e_m has shape (3), expected (5)");
    assert_eq!(text(5, part(5, 0, 1)), "lmu: h0 has shape (1, 4), expected (2, 4)");
    assert_eq!(text(6, part(6, 1, 4)), "lmu: m0 has shape (2, 4), expected (2, 5)");
    assert_eq!(text(2, part(2, 1, 4)), "lmu: e_m has shape (5), expected (4)");
    assert_eq!(text(6, x[6].to_dtype(DType::F16).unwrap()), "lmu: m0 has dtype F16, expected F64");
}
