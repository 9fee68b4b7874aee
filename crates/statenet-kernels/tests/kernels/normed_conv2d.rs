use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{NormThen, Then, causal_conv2d, channel_norm, normed_conv2d, reference};

use crate::harness::*;

const LEAKY: Then = Then::LeakyRelu { slope: 0.1 };
/// A variance near zero amplifies rounding, in the reference as well: a large number keeps the comparison fair.
const EPS: f64 = 0.1;

/// x, weight, bias, gain, offset, context.
fn inputs(seed: u64, [batch, ins, rows, time, outs, width, lags]: [usize; 7]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let bands = rows + width - 1;
    let mut inputs = vec![n.signed(&[batch, ins, bands, time]), n.signed(&[outs, ins, width, lags])];
    inputs.extend((0..3).map(|_| n.signed(&[outs])));
    if lags > 1 {
        inputs.push(n.signed(&[batch, ins, bands, lags - 1]));
    }
    inputs
}

fn norm(x: &[Tensor], then: Then) -> NormThen<'_> {
    NormThen { gain: &x[3], bias: &x[4], eps: EPS, then }
}

fn fused(x: &[Tensor], then: Then) -> Vec<Tensor> {
    vec![normed_conv2d(&x[0], &x[1], &x[2], x.get(5), norm(x, then)).unwrap()]
}

fn plain(x: &[Tensor], then: Then) -> Vec<Tensor> {
    vec![reference::normed_conv2d(&x[0], &x[1], &x[2], x.get(5), norm(x, then)).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, ins in 1usize..4, rows in 1usize..5, time in 1usize..40, outs in 1usize..14,
        width in 1usize..5, lags in 1usize..8, context: bool, then in 0usize..3, memory in 0usize..3,
    ) {
        let then = [Then::Identity, Then::Sigmoid, Then::Tanh][then];
        let mut x = inputs(seed, [batch, ins, rows, time, outs, width, lags]);
        x.truncate(if context { 6 } else { 5 });
        check(|x| fused(x, then), |x| plain(x, then), &x, MEMORIES[memory]);
    }

    #[test]
    fn chunks_with_context_equal_the_whole(
        seed: u64, first in 1usize..20, rest in 1usize..20, lags in 2usize..6, width in 1usize..4, rows in 1usize..4,
    ) {
        let x = inputs(seed, [2, 2, rows, first + rest, 3, width, lags]);
        let chunked = |x: &[Tensor]| {
            let frames = Tensor::cat(&[&x[5], &x[0]], 3).unwrap();
            let chunk = |from: usize, bins: usize| {
                let context = frames.narrow(3, from, lags - 1).unwrap();
                let now = frames.narrow(3, from + lags - 1, bins).unwrap();
                normed_conv2d(&now, &x[1], &x[2], Some(&context), norm(x, Then::Tanh)).unwrap()
            };
            vec![Tensor::cat(&[chunk(0, first), chunk(first, rest)], 3).unwrap()]
        };
        check(chunked, |x| fused(x, Then::Tanh), &x, Memory::Contiguous);
    }
}

/// The two operations that it joins, and a rectifier after them: the same bits, forward and backward.
#[test]
fn it_is_the_convolution_and_the_normalisation() {
    for (seed, dtype) in [(1, DType::F32), (2, DType::F64)] {
        let sizes = [3, 2, 4, 300, 7, 3, 5];
        let x: Vec<Tensor> = inputs(seed, sizes).iter().map(|x| x.to_dtype(dtype).unwrap()).collect();
        for then in [Then::Identity, Then::Relu, LEAKY] {
            let apart = |x: &[Tensor]| {
                let a = causal_conv2d(&x[0], &x[1], &x[2], x.get(5)).unwrap();
                vec![channel_norm(&a, &x[3], &x[4], EPS, then).unwrap()]
            };
            let (joined, joined_grads) = run(|x| fused(x, then), &x, Memory::Contiguous);
            let (apart, apart_grads) = run(apart, &x, Memory::Contiguous);
            let all = joined.iter().chain(&joined_grads).zip(apart.iter().chain(&apart_grads));
            assert!(all.into_iter().all(|(a, b)| bits(a) == bits(b)), "{dtype:?} {then:?}");
        }
    }
}

/// Not with random seeds: where a value is 0 but for rounding, the slopes of the two forms differ.
#[test]
fn rectifiers_are_those_of_plain_tensors() {
    for (seed, then) in [(1, Then::Relu), (2, LEAKY)] {
        for memory in MEMORIES {
            let x = inputs(seed, [2, 2, 3, 40, 10, 3, 9]);
            compare(|x| fused(x, then), |x| plain(x, then), &x, memory);
        }
    }
}

/// Equal channels are normalised to 0, the kink: its slope is that of the left side, as PyTorch's.
#[test]
fn the_slope_at_zero_is_that_of_the_left_side() {
    let cpu = &Device::Cpu;
    let zeros = Tensor::new(&[0f64, 0.0], cpu).unwrap();
    let ones = Tensor::new(&[1f64, 1.0], cpu).unwrap();
    let x = Tensor::new(&[[[[1f64, 2.0]]]], cpu).unwrap();
    for (then, slope) in [(Then::Relu, 0.0), (LEAKY, 0.1)] {
        for form in [normed_conv2d, reference::normed_conv2d] {
            let offset = Var::from_tensor(&zeros).unwrap();
            let weight = ones.reshape((2, 1, 1, 1)).unwrap();
            let norm = NormThen { gain: &ones, bias: &offset, eps: EPS, then };
            let y = form(&x, &weight, &zeros, None, norm).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            assert_eq!(numbers(grads.get(&offset).unwrap()), [2.0 * slope; 2], "{then:?}");
        }
    }
}

#[test]
fn threads_do_not_show() {
    check_threads(|x| fused(x, LEAKY), &inputs(9, [5, 2, 5, 40, 7, 3, 6]));
}

#[test]
fn only_tracked_inputs_get_a_gradient() {
    let x = inputs(4, [2, 2, 3, 9, 4, 3, 4]);
    for i in 1..6 {
        let mut x = x.clone();
        let var = Var::from_tensor(&x[i]).unwrap();
        x[i] = var.as_tensor().clone();
        let grads = fused(&x, LEAKY)[0].sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&var).is_some() && grads.get(&x[0]).is_none());
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 2, 3, 6, 4, 3, 5]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        normed_conv2d(&x[0], &x[1], &x[2], x.get(5), norm(&x, LEAKY)).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    let shape = "x has shape (2, 1, 5, 6), expected (_, 2, _, _)";
    assert_eq!(text(0, part(0, 1, 1)), format!("normed_conv2d: {shape}"));
    assert_eq!(text(3, part(3, 0, 3)), "normed_conv2d: norm's gain has shape (3), expected (4)");
    assert_eq!(text(4, part(4, 0, 1)), "normed_conv2d: norm's bias has shape (1), expected (4)");
    let shape = "context has shape (2, 2, 5, 3), expected (2, 2, 5, 4)";
    assert_eq!(text(5, part(5, 3, 3)), format!("normed_conv2d: {shape}"));
    let single = x[3].to_dtype(DType::F32).unwrap();
    assert_eq!(text(3, single), "normed_conv2d: norm's gain has dtype F32, expected F64");
    let wrong = |eps, then| {
        let norm = NormThen { gain: &x[3], bias: &x[4], eps, then };
        normed_conv2d(&x[0], &x[1], &x[2], None, norm).unwrap_err().to_string()
    };
    assert_eq!(wrong(0.0, LEAKY), "normed_conv2d: eps is 0, expected positive and finite");
    let slope = Then::LeakyRelu { slope: f64::NAN };
    assert_eq!(wrong(1.0, slope), "normed_conv2d: slope is NaN, expected finite and at least 0");
}
