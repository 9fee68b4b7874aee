use candle_core::Tensor;
use proptest::prelude::*;
use statenet_kernels::{Then, channel_norm, reference, steps};

use crate::{harness::*, laws::check_step};

fn inputs(seed: u64, [batch, channels, positions, time]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    vec![
        n.tensor(&[batch, channels, positions, time], -3.0, 5.0),
        n.signed(&[channels]),
        n.signed(&[channels]),
    ]
}

#[test]
fn rectifiers_are_those_of_plain_tensors() {
    for (seed, then) in [(1, Then::Relu), (2, Then::LeakyRelu { slope: 0.1 })] {
        compare(
            |x| vec![channel_norm(&x[0], &x[1], &x[2], 0.1, then).unwrap()],
            |x| vec![reference::channel_norm(&x[0], &x[1], &x[2], 0.1, then).unwrap()],
            &inputs(seed, [2, 5, 3, 40]),
            Memory::Contiguous,
        );
    }
}

/// Channels 1 and 3: mean 2, variance 1, so -1 and 1 before gain and bias.
#[test]
fn two_channels_by_hand() {
    let x = Tensor::new(&[[[[1f64]], [[3.0]]]], &candle_core::Device::Cpu).unwrap();
    let gain = Tensor::new(&[2f64, 2.0], x.device()).unwrap();
    let bias = Tensor::new(&[0f64, 1.0], x.device()).unwrap();
    let y = numbers(&channel_norm(&x, &gain, &bias, 1e-14, Then::Tanh).unwrap());
    assert!((y[0] - (-2f64).tanh()).abs() < 1e-12 && (y[1] - 3f64.tanh()).abs() < 1e-12);
}

#[test]
fn a_single_channel_is_its_bias() {
    let x = inputs(1, [1, 1, 2, 3]);
    let y = channel_norm(&x[0], &x[1], &x[2], 1e-5, Then::Identity).unwrap();
    let bias = numbers(&x[2])[0];
    assert!(numbers(&y).iter().all(|y| *y == bias));
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4, 5]);
    let error = channel_norm(&x[0], &x[1], &x[2], 0.0, Then::Identity).unwrap_err();
    assert_eq!(error.to_string(), "channel_norm: eps is 0, expected positive and finite");
    let error = channel_norm(&x[0], &x[1].narrow(0, 0, 2).unwrap(), &x[2], 1e-5, Then::Identity).unwrap_err();
    assert_eq!(error.to_string(), "channel_norm: gain has shape (2), expected (3)");
    let then = Then::LeakyRelu { slope: -0.1 };
    let error = channel_norm(&x[0], &x[1], &x[2], 1e-5, then).unwrap_err();
    assert_eq!(error.to_string(), "channel_norm: slope is -0.1, expected finite and at least 0");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    /// At a smaller eps than the laws have: a single step loses few digits of a variance near zero.
    #[test]
    fn single_bins_at_a_small_eps_are_those_of_the_whole(
        seed: u64, channels in 1usize..9, positions in 1usize..12, then in 0usize..3,
    ) {
        let mut n = Numbers(seed);
        let then = [Then::Identity, Then::Sigmoid, Then::Tanh][then];
        let x = n.tensor(&[2, channels, positions, 3], -2.0, 2.0);
        let (gain, bias) = (n.signed(&[channels]), n.signed(&[channels]));
        let y = channel_norm(&x, &gain, &bias, 1e-2, then).unwrap();
        let bins = |x: &Tensor| x.permute((0, 3, 1, 2)).unwrap().contiguous().unwrap().flatten_from(2).unwrap();
        let mut step = steps::ChannelNorm::new(&gain, &bias, positions, 1e-2, then).unwrap();
        check_step(&mut step, &bins(&x), None, &bins(&y), None, 1e-4);
    }
}
