use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use statenet_kernels::{Step, causal_attention, causal_attention_dropped, reference, steps};

use crate::harness::*;

/// q, k, v.
fn inputs(seed: u64, [batch, heads, time, earlier, depth]: [usize; 5]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let keys = [batch, heads, earlier + time, depth];
    vec![n.tensor(&[batch, heads, time, depth], -2.0, 2.0), n.tensor(&keys, -2.0, 2.0), n.signed(&keys)]
}

fn fused(x: &[Tensor], window: Option<usize>) -> Vec<Tensor> {
    vec![causal_attention(&x[0], &x[1], &x[2], 0.4, window).unwrap()]
}

fn plain(x: &[Tensor], window: Option<usize>) -> Vec<Tensor> {
    vec![reference::causal_attention(&x[0], &x[1], &x[2], 0.4, window).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..3, heads in 1usize..4, time in 1usize..70, earlier in 0usize..5,
        depth in 1usize..20, window in prop::option::of(1usize..80), memory in 0usize..3,
    ) {
        let x = inputs(seed, [batch, heads, time, earlier, depth]);
        check(|x| fused(x, window), |x| plain(x, window), &x, MEMORIES[memory]);
    }

}

/// Bins are worked on in blocks of 32 queries.
#[test]
fn clips_longer_than_a_block_are_right() {
    for time in [31, 32, 33, 130] {
        for window in [None, Some(1), Some(32), Some(40)] {
            let x = inputs(time as u64, [1, 1, time, 0, 9]);
            check(|x| fused(x, window), |x| plain(x, window), &x, Memory::Contiguous);
        }
    }
}

#[test]
fn large_scores_do_not_overflow() {
    let x: Vec<Tensor> = inputs(4, [1, 1, 40, 0, 6])
        .iter()
        .map(|x| (x.to_dtype(DType::F32).unwrap() * 100.0).unwrap())
        .collect();
    let (y, grads) = run(|x| fused(x, None), &x, Memory::Contiguous);
    assert!(y.iter().chain(&grads).all(|x| numbers(x).iter().all(|x| x.is_finite())));
}

#[test]
fn threads_do_not_show() {
    check_threads(|x| fused(x, Some(20)), &inputs(9, [3, 2, 40, 3, 7]));
    check_threads(|x| fused(x, None), &inputs(9, [1, 4, 40, 0, 7]));
}

/// Equal scores: means of all bins so far, and of two.
#[test]
fn equal_scores_are_means() {
    let zero = Tensor::zeros((1, 1, 3, 1), DType::F64, &Device::Cpu).unwrap();
    let v = Tensor::new(&[[[[1f64], [3.0], [8.0]]]], &Device::Cpu).unwrap();
    let near = |window, expected: [f64; 3]| {
        let y = numbers(&causal_attention(&zero, &zero, &v, 1.0, window).unwrap());
        assert!(y.iter().zip(expected).all(|(y, e)| (y - e).abs() < 1e-12), "{y:?}");
    };
    near(None, [1.0, 2.0, 4.0]);
    near(Some(2), [1.0, 2.0, 5.5]);
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4, 1, 5]);
    let text = |i: usize, wrong: Tensor, scale, window| {
        let mut x = x.clone();
        x[i] = wrong;
        causal_attention(&x[0], &x[1], &x[2], scale, window).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    let shape = "k has shape (2, 2, 5, 5), expected (2, 3, _, 5)";
    assert_eq!(text(1, part(1, 1, 2), 1.0, None), format!("causal_attention: {shape}"));
    let few = "k's number of bins is 3, expected at least that of q";
    assert_eq!(text(1, part(1, 2, 3), 1.0, None), format!("causal_attention: {few}"));
    let shape = "v has shape (2, 3, 4, 5), expected (2, 3, 5, 5)";
    assert_eq!(text(2, part(2, 2, 4), 1.0, None), format!("causal_attention: {shape}"));
    assert_eq!(text(2, x[2].clone(), 1.0, Some(0)), "causal_attention: window is 0, expected at least 1");
    assert_eq!(text(2, x[2].clone(), f64::NAN, None), "causal_attention: scale is NaN, expected finite");
    let error = steps::CausalAttention::new(1, 2, 1.0, 0).unwrap_err();
    assert_eq!(error.to_string(), "causal_attention: window is 0, expected 1 to 2^24");
    let mut step = steps::CausalAttention::new(1, 2, 1.0, 3).unwrap();
    let mut state = vec![0.0; step.n_state()];
    let error = step.step(&[0.0; 5], &mut state, &mut [0.0; 2]).unwrap_err();
    assert_eq!(error.to_string(), "causal_attention: input has shape (5), expected (6)");
}

/// With nothing left out the matrix of all pairs gives what the operation without it gives; with pairs left out the
/// gradients are still those of differences, and a query that sees one key only keeps or loses it whole.
#[test]
fn dropped_pairs_are_out_of_the_sum() {
    let x = inputs(3, [2, 2, 9, 1, 4]);
    let kept = |kept: &Tensor| {
        let kept = kept.clone();
        move |x: &[Tensor]| {
            let kept = kept.to_dtype(x[0].dtype()).unwrap();
            vec![causal_attention_dropped(&x[0], &x[1], &x[2], 0.4, Some(5), &kept).unwrap()]
        }
    };
    let pairs = Tensor::ones((2, 2, 9, 10), DType::F64, &Device::Cpu).unwrap();
    check(|x| fused(x, Some(5)), kept(&pairs), &x, Memory::Contiguous);
    let noise = Numbers(4).tensor(&[2, 2, 9, 10], 0.0, 1.0).gt(0.3).unwrap().to_dtype(DType::F64).unwrap();
    check_differences(kept(&noise), &x);
    let alone = |p: f64| {
        let kept = (&pairs * p).unwrap();
        causal_attention_dropped(&x[0], &x[1], &x[2], 0.4, Some(1), &kept).unwrap()
    };
    let own = x[2].narrow(2, 1, 9).unwrap();
    assert_near("kept", &alone(2.0), &(own.clone() * 2.0).unwrap(), 1e-12);
    assert_near("left out", &alone(0.0), &(own * 0.0).unwrap(), 1e-12);
    let few = causal_attention_dropped(&x[0], &x[1], &x[2], 0.4, None, &pairs.narrow(3, 0, 9).unwrap());
    let message = "causal_attention: kept has shape (2, 2, 9, 9), expected (2, 2, 9, 10)";
    assert_eq!(few.unwrap_err().to_string(), message);
}
