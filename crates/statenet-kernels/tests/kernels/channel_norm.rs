use candle_core::Tensor;
use proptest::prelude::*;
use statenet_kernels::{Then, channel_norm, reference};

use crate::harness::*;

const THENS: [Then; 3] = [Then::Identity, Then::Sigmoid, Then::Tanh];

fn inputs(seed: u64, [batch, channels, positions, time]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    vec![
        n.tensor(&[batch, channels, positions, time], -3.0, 5.0),
        n.signed(&[channels]),
        n.signed(&[channels]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    // A variance near zero amplifies rounding, in the reference as well: a large eps keeps the comparison fair.
    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, channels in 1usize..8, positions in 1usize..5, time in 1usize..70,
        then in 0usize..3, memory in 0usize..3,
    ) {
        let then = THENS[then];
        check(
            |x| vec![channel_norm(&x[0], &x[1], &x[2], 0.1, then).unwrap()],
            |x| vec![reference::channel_norm(&x[0], &x[1], &x[2], 0.1, then).unwrap()],
            &inputs(seed, [batch, channels, positions, time]),
            MEMORIES[memory],
        );
    }
}

#[test]
fn bins_do_not_mix() {
    let x = inputs(4, [2, 7, 10, 333]);
    check_causal(|x| channel_norm(&x[0], &x[1], &x[2], 1e-5, Then::Sigmoid).unwrap(), &x, (3, 3));
}

#[test]
fn threads_do_not_show() {
    let x = inputs(4, [5, 7, 3, 50]);
    check_threads(|x| vec![channel_norm(&x[0], &x[1], &x[2], 1e-5, Then::Tanh).unwrap()], &x);
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
}
