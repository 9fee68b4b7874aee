use candle_core::Tensor;
use statenet_kernels::causal_strf;

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

#[test]
fn no_context_is_silence() {
    let mut x = inputs(8, [2, 2, 3, 7, 4, 5]);
    x[3] = x[3].zeros_like().unwrap();
    let silent = fused(&x).remove(0);
    assert_eq!(bits(&fused(&x[..3])[0]), bits(&silent));
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
