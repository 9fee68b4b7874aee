use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{masked_mse, masked_poisson, reference};

use crate::harness::*;

type Loss = fn(&Tensor, &Tensor, &Tensor) -> statenet_kernels::Result<Tensor>;
const LOSSES: [(Loss, Loss); 2] =
    [(masked_mse, reference::masked_mse), (masked_poisson, reference::masked_poisson)];

/// Rates, targets, and a mask of which about a third is missing.
fn inputs(seed: u64, [batch, neurons, time]: [usize; 3]) -> [Tensor; 3] {
    let mut n = Numbers(seed);
    let shape = [batch, neurons, time];
    let mask = n.tensor(&shape, 0.0, 1.5).ge(0.5).unwrap().to_dtype(DType::F64).unwrap();
    [n.tensor(&shape, 0.05, 3.0), n.tensor(&shape, 0.0, 4.0), mask]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn values_under_the_mask_never_matter(seed: u64, neurons in 1usize..5, time in 1usize..60) {
        let [rate, target, mask] = inputs(seed, [2, neurons, time]);
        let valid = mask.ne(0.0).unwrap();
        let nan = (rate.ones_like().unwrap() * f64::NAN).unwrap();
        let [dirty_rate, dirty_target] = [&rate, &target].map(|x| valid.where_cond(x, &nan).unwrap());
        for (fused, plain) in LOSSES {
            for loss in [fused, plain] {
                let run = |rate: &Tensor, target: &Tensor| {
                    let rate = Var::from_tensor(rate).unwrap();
                    let loss = loss(&rate, target, &mask).unwrap();
                    let grad = loss.backward().unwrap().get(&rate).unwrap().clone();
                    (bits(&loss), bits(&grad))
                };
                prop_assert!(run(&rate, &target) == run(&dirty_rate, &dirty_target));
            }
        }
    }
}

/// Neuron 0: errors 1 and 3, one bin missing, mean 5. Neuron 1: one bin, error 2, mean 4. Neuron 2: no bin.
#[test]
fn neurons_are_averaged_after_their_bins() {
    let cpu = &Device::Cpu;
    let rate = Var::from_tensor(&Tensor::new(&[[[1f64, 3.0, 9.0], [2.0, 7.0, 7.0], [1.0; 3]]], cpu).unwrap());
    let rate = rate.unwrap();
    let target = Tensor::new(&[[[0f64, 0.0, f64::NAN], [0.0, f64::NAN, 1.0], [0.0; 3]]], cpu).unwrap();
    let mask = Tensor::new(&[[[1f64, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0; 3]]], cpu).unwrap();
    let loss = masked_mse(&rate, &target, &mask).unwrap();
    assert_eq!(loss.to_scalar::<f64>().unwrap(), 4.5);
    let grads = loss.backward().unwrap();
    let expected = [0.5, 1.5, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(numbers(grads.get(&rate).unwrap()), expected);
}

#[test]
fn without_a_valid_bin_loss_and_gradient_are_zero() {
    let [rate, target, mask] = inputs(3, [2, 3, 4]);
    let (rate, nothing) = (Var::from_tensor(&rate).unwrap(), mask.zeros_like().unwrap());
    for (fused, plain) in LOSSES {
        for loss in [fused, plain] {
            let loss = loss(&rate, &target, &nothing).unwrap();
            assert_eq!(loss.to_scalar::<f64>().unwrap(), 0.0);
            let grads = loss.backward().unwrap();
            assert!(numbers(grads.get(&rate).unwrap()).iter().all(|g| *g == 0.0));
        }
    }
}

#[test]
fn a_rate_of_zero_has_a_finite_poisson_loss() {
    let cpu = &Device::Cpu;
    let rate = Var::from_tensor(&Tensor::new(&[[[0f32, -1.0]]], cpu).unwrap()).unwrap();
    let target = Tensor::new(&[[[2f32, 2.0]]], cpu).unwrap();
    let loss = masked_poisson(&rate, &target, &target.ones_like().unwrap()).unwrap();
    let term = -2.0 * 2e-8f64.ln();
    assert!((numbers(&loss)[0] - (term - 0.5)).abs() < 1e-4);
    let grads = loss.backward().unwrap();
    assert_eq!(numbers(grads.get(&rate).unwrap()), [0.5, 0.5]);
}

/// A target that is itself computed from a variable: no gradient goes there, and nothing breaks.
#[test]
fn target_and_mask_get_no_gradient() {
    let [rate, target, mask] = inputs(3, [1, 2, 5]);
    let [rate, target, mask] = [rate, target, mask].map(|x| Var::from_tensor(&x).unwrap());
    for (fused, plain) in LOSSES {
        for loss in [fused, plain] {
            let (target, mask) = (target.affine(1.0, 0.0).unwrap(), mask.affine(1.0, 0.0).unwrap());
            let grads = loss(&rate, &target, &mask).unwrap().backward().unwrap();
            assert!(grads.get(&rate).is_some() && grads.get(&target).is_none() && grads.get(&mask).is_none());
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    let [rate, target, mask] = inputs(3, [2, 3, 4]);
    let error = masked_mse(&rate, &target.narrow(2, 0, 3).unwrap(), &mask).unwrap_err();
    assert_eq!(error.to_string(), "masked_mse: target has shape (2, 3, 3), expected (2, 3, 4)");
    let error = masked_poisson(&rate, &target, &mask.to_dtype(DType::U8).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "masked_poisson: mask has dtype U8, expected F64");
}
