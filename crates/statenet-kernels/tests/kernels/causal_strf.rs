use candle_core::Tensor;
use proptest::prelude::*;
use statenet_kernels::{causal_strf, reference};

use crate::harness::*;

fn inputs(seed: u64, [batch, channels, bands, time, outs, lags]: [usize; 6]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let mut inputs = vec![
        n.signed(&[batch, channels, bands, time]),
        n.signed(&[outs, channels, bands, lags]),
        n.signed(&[outs]),
    ];
    if lags > 1 {
        inputs.push(n.signed(&[batch, channels, bands, lags - 1]));
    }
    inputs
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    vec![causal_strf(&x[0], &x[1], x.get(2), x.get(3)).unwrap()]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    vec![reference::causal_strf(&x[0], &x[1], x.get(2), x.get(3)).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, channels in 1usize..3, bands in 1usize..8, time in 1usize..30,
        outs in 1usize..70, lags in 1usize..8, inputs_given in 2usize..5, memory in 0usize..3,
    ) {
        let mut x = inputs(seed, [batch, channels, bands, time, outs, lags]);
        x.truncate(inputs_given);
        check(fused, plain, &x, MEMORIES[memory]);
    }

    #[test]
    fn long_filters_of_few_bands_equal_plain_ones(
        seed: u64, batch in 1usize..3, bands in 1usize..4, time in 1usize..60, outs in 1usize..9, lags in 8usize..70,
        memory in 0usize..3,
    ) {
        check(fused, plain, &inputs(seed, [batch, 1, bands, time, outs, lags]), MEMORIES[memory]);
    }

    #[test]
    fn chunks_with_context_equal_the_whole(
        seed: u64, first in 1usize..12, rest in 1usize..12, lags in 2usize..6, bands in 1usize..5,
    ) {
        let x = inputs(seed, [2, 1, bands, first + rest, 3, lags]);
        let chunked = |x: &[Tensor]| {
            let frames = Tensor::cat(&[&x[3], &x[0]], 3).unwrap();
            let chunk = |from: usize, bins: usize| {
                let context = frames.narrow(3, from, lags - 1).unwrap();
                let now = frames.narrow(3, from + lags - 1, bins).unwrap();
                causal_strf(&now, &x[1], Some(&x[2]), Some(&context)).unwrap()
            };
            vec![Tensor::cat(&[chunk(0, first), chunk(first, rest)], 2).unwrap()]
        };
        check(chunked, fused, &x, Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(
        seed: u64, time in 2usize..300, bands in 1usize..35, outs in 1usize..40, lags in 1usize..12,
    ) {
        let x = inputs(seed, [2, 1, bands, time, outs, lags]);
        check_causal(|x| fused(x).remove(0), &x, (3, 2));
    }
}

#[test]
fn no_context_is_silence() {
    let mut x = inputs(8, [2, 2, 3, 7, 4, 5]);
    x[3] = x[3].zeros_like().unwrap();
    let silent = fused(&x).remove(0);
    assert_eq!(bits(&fused(&x[..3])[0]), bits(&silent));
}

#[test]
fn threads_do_not_show() {
    check_threads(fused, &inputs(9, [5, 1, 9, 40, 100, 6]));
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 1, 3, 6, 4, 5]);
    let context = x[3].narrow(3, 0, 2).unwrap();
    let error = causal_strf(&x[0], &x[1], None, Some(&context)).unwrap_err();
    assert_eq!(error.to_string(), "causal_strf: context has shape (2, 1, 3, 2), expected (2, 1, 3, 4)");
    let x0 = x[0].narrow(2, 0, 2).unwrap();
    let error = causal_strf(&x0, &x[1], None, None).unwrap_err();
    assert_eq!(error.to_string(), "causal_strf: x has shape (2, 1, 2, 6), expected (_, 1, 3, _)");
}

#[test]
fn one_lag_needs_no_context_and_takes_an_empty_one() {
    let x = inputs(1, [1, 1, 2, 3, 2, 1]);
    let empty = x[0].narrow(3, 0, 0).unwrap();
    let with = causal_strf(&x[0], &x[1], None, Some(&empty)).unwrap();
    let without = causal_strf(&x[0], &x[1], None, None).unwrap();
    assert_eq!(bits(&with), bits(&without));
}
