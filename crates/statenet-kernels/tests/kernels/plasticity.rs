use candle_core::{Device, Tensor};
use statenet_kernels::{plasticity, steps};

use crate::harness::*;

/// Gain, loss, rate, first values.
fn inputs(seed: u64, [batch, channels, time]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    vec![
        n.tensor(&[batch, channels, time], 0.0, 1.0),
        n.tensor(&[batch, channels, time], 0.0, 3.0),
        n.tensor(&[channels], 0.02, 1.0),
        n.tensor(&[batch, channels], 0.1, 2.0),
    ]
}

/// However strong a sound, resources stay between 0 and 1, and come to rest where the differential equation does.
#[test]
fn resources_end_at_one_over_one_plus_u_tau() {
    for (u, tau) in [(0.05, 20.0), (3.0, 40.0), (1e4, 2.0)] {
        let n = 4000;
        let loss = Tensor::full(u, (1, 1, n), &Device::Cpu).unwrap();
        let rate = Tensor::new(&[1.0 / tau], &Device::Cpu).unwrap();
        let rest = Tensor::new(&[[1f64]], &Device::Cpu).unwrap();
        let (left, last) = plasticity(&loss.zeros_like().unwrap(), &loss, &rate, &rest).unwrap();
        assert!(numbers(&left).iter().all(|d| (0.0..=1.0).contains(d)));
        assert!((numbers(&last)[0] - 1.0 / (1.0 + u * tau)).abs() < 1e-12);
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        plasticity(&x[0], &x[1], &x[2], &x[3]).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, part(0, 2, 2)), "plasticity: gain has shape (2, 3, 2), expected (2, 3, 4)");
    assert_eq!(text(1, part(1, 2, 2)), "plasticity: gain has shape (2, 3, 4), expected (2, 3, 2)");
    assert_eq!(text(2, part(2, 0, 2)), "plasticity: rate has shape (2), expected (3)");
    assert_eq!(text(3, part(3, 1, 2)), "plasticity: z0 has shape (2, 2), expected (2, 3)");
    let wrong = steps::Plasticity::new(&x[3]).unwrap_err().to_string();
    assert_eq!(wrong, "plasticity: rate has shape (2, 3), expected (_)");
}
