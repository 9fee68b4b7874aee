use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{
    masked_correlation, masked_gaussian, masked_mse, masked_negative_binomial, masked_poisson, reference,
};

use crate::harness::*;

type Loss = fn(&Tensor, &Tensor, &Tensor) -> statenet_kernels::Result<Tensor>;
const LOSSES: [(Loss, Loss); 5] = [
    (masked_mse, reference::masked_mse),
    (masked_poisson, reference::masked_poisson),
    (masked_correlation, reference::masked_correlation),
    (
        |rate, target, mask| masked_gaussian(rate, target, mask, &of_neurons(rate)),
        |rate, target, mask| reference::masked_gaussian(rate, target, mask, &of_neurons(rate)),
    ),
    (
        |rate, target, mask| masked_negative_binomial(rate, target, mask, &of_neurons(rate)),
        |rate, target, mask| reference::masked_negative_binomial(rate, target, mask, &of_neurons(rate)),
    ),
];

/// A number for each neuron.
fn of_neurons(rate: &Tensor) -> Tensor {
    let numbers: Vec<f64> = (0..rate.dim(1).unwrap()).map(|n| -0.7 + 0.4 * n as f64).collect();
    Tensor::new(numbers, &Device::Cpu).unwrap().to_dtype(rate.dtype()).unwrap()
}

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

#[test]
fn a_parameter_of_another_length_is_named() {
    let [rate, target, mask] = inputs(3, [2, 3, 4]);
    let two = Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap();
    let error = masked_gaussian(&rate, &target, &mask, &two).unwrap_err();
    assert_eq!(error.to_string(), "masked_gaussian: log_variance has shape (2), expected (3)");
    let single = Tensor::zeros(3, DType::F32, &Device::Cpu).unwrap();
    let error = masked_negative_binomial(&rate, &target, &mask, &single).unwrap_err();
    assert_eq!(error.to_string(), "masked_negative_binomial: log_dispersion has dtype F32, expected F64");
}

/// -ln of the probability of a count y without ln y!, by the product over j < y of 1 + j a.
fn of_count(rate: f64, y: u32, dispersion: f64) -> f64 {
    let product: f64 = (0..y).map(|j| (f64::from(j) * dispersion).ln_1p()).sum();
    let y = f64::from(y);
    (y + 1.0 / dispersion) * (dispersion * rate).ln_1p() - y * (rate + 1e-8).ln() - product
}

#[test]
fn the_negative_binomial_of_integer_counts_is_a_product_whatever_the_dispersion() {
    for (dtype, tolerance) in [(DType::F64, 1e-7), (DType::F32, 2e-5)] {
        for dispersion in [1e-6, 1e-3, 0.05, 0.3, 1.0, 4.0, 100.0, 1e4f64] {
            for (rate, y) in [(0.02, 0), (0.02, 1), (0.3, 3), (2.5, 1), (7.0, 30), (90.0, 40)] {
                let bin = |x: f64| Tensor::new(&[[[x]]], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                let log = Tensor::new(&[dispersion.ln()], &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
                let expected = of_count(rate, y, dispersion);
                for loss in [masked_negative_binomial, reference::masked_negative_binomial] {
                    let got = numbers(&loss(&bin(rate), &bin(f64::from(y)), &bin(1.0), &log).unwrap())[0];
                    let scale = expected.abs().max(f64::from(y)).max(rate).max(1.0);
                    assert!(
                        (got - expected).abs() < tolerance * scale,
                        "{dtype:?}, dispersion {dispersion}, rate {rate}, count {y}: {got} for {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn without_dispersion_the_negative_binomial_is_the_poisson_loss() {
    let [rate, target, mask] = inputs(5, [2, 3, 40]);
    let target = target.round().unwrap();
    let var = Var::from_tensor(&rate).unwrap();
    let none = (of_neurons(&rate).zeros_like().unwrap() - 18.0).unwrap();
    let negative_binomial = masked_negative_binomial(&var, &target, &mask, &none).unwrap();
    let poisson = masked_poisson(&var, &target, &mask).unwrap();
    assert_near("loss", &negative_binomial, &poisson, 1e-6);
    let grad = |loss: Tensor| loss.backward().unwrap().get(&var).unwrap().clone();
    assert_near("gradient", &grad(negative_binomial), &grad(poisson), 1e-6);
}

/// Rates below 0 continue the loss along its tangent, whose slopes differences confirm.
#[test]
fn rates_below_zero_have_a_finite_negative_binomial_loss_with_the_slopes_of_differences() {
    let rate = Tensor::new(&[[[-0.5f64, -2.0, -0.01]]], &Device::Cpu).unwrap();
    let target = Tensor::new(&[[[1.0f64, 0.0, 2.5]]], &Device::Cpu).unwrap();
    let mask = target.ones_like().unwrap();
    let log = Tensor::new(&[-0.4f64], &Device::Cpu).unwrap();
    let op = |x: &[Tensor]| vec![masked_negative_binomial(&x[0], &target, &mask, &x[1]).unwrap()];
    check_differences(op, &[rate, log]);
}

/// Neuron 0: r = 1 over two stimuli with other means. Neuron 1: a constant rate; neuron 2: a constant target.
#[test]
fn correlations_are_within_stimuli_and_constant_neurons_are_left_out() {
    let cpu = &Device::Cpu;
    let rate =
        [[[0f64, 1.0, 2.0], [5.0; 3], [1.0, 2.0, 3.0]], [[9f64, 10.0, 9.0], [5.0; 3], [0.0, 1.0, 0.0]]];
    let rate = Var::from_tensor(&Tensor::new(&rate, cpu).unwrap()).unwrap();
    let target = [[[3f64, 5.0, 7.0], [1.0, 2.0, 4.0], [0.1; 3]], [[-4f64, -2.0, -4.0], [0.0; 3], [0.1; 3]]];
    let target = Tensor::new(&target, cpu).unwrap();
    let mask = target.ones_like().unwrap();
    for loss in [masked_correlation, reference::masked_correlation] {
        let loss = loss(&rate, &target, &mask).unwrap();
        assert!((loss.to_scalar::<f64>().unwrap() + 1.0).abs() < 1e-12);
        let grads = loss.backward().unwrap();
        assert!(numbers(grads.get(&rate).unwrap()).iter().all(|g| g.abs() < 1e-12));
    }
}
