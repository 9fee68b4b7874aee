use candle_core::{Device, Tensor, Var};
use statenet_kernels::{double_exponential_curve, exponential_curve, sigmoid_curve, softplus_curve};

use crate::harness::*;

/// x and four parameters, each away from 0.
fn inputs(seed: u64, [batch, neurons, time]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let mut inputs = vec![n.tensor(&[batch, neurons, time], -3.0, 3.0)];
    inputs.extend((0..4).map(|_| n.tensor(&[neurons], 0.4, 1.6)));
    inputs
}

/// Far from its threshold a curve is flat or straight, and its gradients are numbers.
#[test]
fn extremes_are_finite() {
    let cpu = &Device::Cpu;
    let x = Var::from_tensor(&Tensor::new(&[[[-1e4f32, -200.0, 200.0, 1e4]]], cpu).unwrap()).unwrap();
    let p = |value: f32| Var::from_tensor(&Tensor::new(&[value], cpu).unwrap()).unwrap();
    let p = [p(2.0), p(1.0), p(3.0), p(0.5)];
    let ys = [
        softplus_curve(&x, &p[0], &p[3]).unwrap(),
        sigmoid_curve(&x, &p[0], &p[1], &p[2], &p[3]).unwrap(),
        double_exponential_curve(&x, &p[0], &p[1], &p[2], &p[3]).unwrap(),
    ];
    let straight = exponential_curve(&x, &p[0], &p[1], &p[3]).unwrap();
    assert!(numbers(&straight)[3].is_finite() && numbers(&straight)[..2] == [0.5, 0.5]);
    let slope = straight.sum_all().unwrap().backward().unwrap();
    assert!(numbers(slope.get(&p[0]).unwrap())[0].is_finite());
    let expected = [[0.5, 0.5, 200.5, 10000.5], [0.5, 0.5, 3.5, 3.5], [3.5, 3.5, 0.5, 0.5]];
    for (y, expected) in ys.iter().zip(expected) {
        assert_eq!(numbers(y), expected);
        let grads = y.sum_all().unwrap().backward().unwrap();
        for input in p.iter().chain([&x]) {
            if let Some(grad) = grads.get(input) {
                assert!(numbers(grad).iter().all(|g| g.is_finite()), "{:?}", numbers(grad));
            }
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4]);
    let error = softplus_curve(&x[0], &x[1].narrow(0, 0, 1).unwrap(), &x[2]).unwrap_err();
    assert_eq!(error.to_string(), "softplus_curve: beta has shape (1), expected (3)");
    let error = sigmoid_curve(&x[0], &x[1], &x[2], &x[0], &x[4]).unwrap_err();
    assert_eq!(error.to_string(), "sigmoid_curve: scale has shape (2, 3, 4), expected (3)");
}
