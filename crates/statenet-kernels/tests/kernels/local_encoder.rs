use candle_core::{DType, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{Step, Then, channel_norm, local_encoder, locally_connected, reference, steps};

use crate::harness::*;

/// A variance near zero amplifies rounding, in the reference as well: a large eps keeps the comparison fair.
const EPS: f64 = 0.1;

/// x, weights, biases, gain, bias.
fn inputs(
    seed: u64,
    [batch, ins, time, channels, width, positions, stride]: [usize; 7],
    spare: usize,
) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let bands = width + (positions - 1) * stride + spare.min(stride - 1);
    vec![
        n.signed(&[batch, ins, bands, time]),
        n.signed(&[channels, ins * width, positions]),
        n.signed(&[channels, positions]),
        n.signed(&[channels]),
        n.signed(&[channels]),
    ]
}

fn fused(x: &[Tensor], stride: usize) -> Tensor {
    local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, EPS).unwrap()
}

fn plain(x: &[Tensor], stride: usize) -> Tensor {
    reference::local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, EPS).unwrap()
}

fn single(x: &[Tensor]) -> Vec<Tensor> {
    x.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, ins in 1usize..3, time in 1usize..40, channels in 1usize..10,
        width in 1usize..6, positions in 1usize..5, stride in 1usize..4, spare in 0usize..4, memory in 0usize..3,
    ) {
        let x = inputs(seed, [batch, ins, time, channels, width, positions, stride], spare);
        check(|x| vec![fused(x, stride)], |x| vec![plain(x, stride)], &x, MEMORIES[memory]);
    }

    /// Stimuli that hear the same are computed once, and keep their gradients apart.
    #[test]
    fn stimuli_that_are_alike_are_as_any(
        seed: u64, batch in 2usize..11, ins in 1usize..3, time in 1usize..40, channels in 1usize..10,
    ) {
        let mut x = inputs(seed, [batch, ins, time, channels, 3, 2, 2], 1);
        x[0] = x[0].narrow(0, 0, 1).unwrap().repeat((batch, 1, 1, 1)).unwrap();
        check(|x| vec![fused(x, 2)], |x| vec![plain(x, 2)], &x, Memory::Contiguous);
    }

    #[test]
    fn one_bin_at_a_time_equals_the_whole(
        seed: u64, ins in 1usize..3, time in 1usize..6, channels in 1usize..10, width in 1usize..6,
        positions in 1usize..12, stride in 1usize..4, spare in 0usize..4,
    ) {
        let x = single(&inputs(seed, [1, ins, time, channels, width, positions, stride], spare));
        let (bands, whole) = (x[0].dim(2).unwrap(), fused(&x, stride));
        let mut step =
            steps::LocalEncoder::new((ins, bands), &x[1], &x[2], &x[3], &x[4], stride, EPS).unwrap();
        assert_eq!((step.n_inputs(), step.n_state()), (ins * bands, 0));
        let mut output = vec![f32::NAN; step.n_outputs()];
        for t in 0..time {
            let frame = x[0].narrow(3, t, 1).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            step.step(&frame, &mut [], &mut output).unwrap();
            let bin = whole.narrow(3, t, 1).unwrap().flatten_all().unwrap();
            let output = Tensor::new(&output[..], bin.device()).unwrap();
            assert_near("a bin", &output, &bin, 1e-5);
        }
    }
}

/// Bins are worked on in blocks of 128, in pairs of vectors.
#[test]
fn clips_longer_than_a_block_are_right() {
    for time in [112, 127, 128, 129, 257] {
        let x = inputs(time as u64, [2, 1, time, 7, 3, 2, 3], 0);
        check(|x| vec![fused(x, 3)], |x| vec![plain(x, 3)], &x, Memory::Contiguous);
    }
}

#[test]
fn one_pass_equals_three() {
    let x = inputs(3, [2, 2, 70, 7, 7, 10, 3], 0);
    let parts = |x: &[Tensor]| {
        let a = locally_connected(&x[0], &x[1], &x[2], 3).unwrap();
        vec![channel_norm(&a, &x[3], &x[4], EPS, Then::Sigmoid).unwrap()]
    };
    check(|x| vec![fused(x, 3)], parts, &x, Memory::Contiguous);
}

#[test]
fn bins_do_not_mix() {
    check_causal(|x| fused(x, 3), &inputs(4, [2, 1, 333, 7, 7, 10, 3], 0), (3, 3));
}

#[test]
fn threads_do_not_show() {
    check_threads(|x| vec![fused(x, 2)], &inputs(4, [5, 2, 50, 3, 4, 5, 2], 1));
}

/// Bands 3 and 1 seen by one channel each: mean 2, variance 1, so 1 and -1 before gain and bias.
#[test]
fn two_channels_by_hand() {
    let cpu = &candle_core::Device::Cpu;
    let x = Tensor::new(&[[[[3f64], [1.0]]]], cpu).unwrap();
    let weights = Tensor::new(&[[[1f64], [0.0]], [[0.0], [1.0]]], cpu).unwrap();
    let biases = Tensor::zeros((2, 1), DType::F64, cpu).unwrap();
    let gain = Tensor::new(&[2f64, 3.0], cpu).unwrap();
    let bias = Tensor::new(&[0f64, 1.0], cpu).unwrap();
    let y = numbers(&local_encoder(&x, &weights, &biases, &gain, &bias, 1, 1e-14).unwrap());
    for (y, v) in y.iter().zip([2.0, -2.0]) {
        assert!((y - 1.0 / (1.0 + f64::exp(-v))).abs() < 1e-12, "{y}");
    }
}

#[test]
fn only_tracked_inputs_get_a_gradient() {
    let mut x = inputs(4, [2, 1, 9, 3, 4, 5, 2], 0);
    let gain = Var::from_tensor(&x[3]).unwrap();
    x[3] = gain.as_tensor().clone();
    let grads = fused(&x, 2).sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&gain).is_some() && grads.get(&x[0]).is_none());
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 2, 3, 4, 3, 5, 2], 0);
    let text = |i: usize, wrong: Tensor, stride, eps| {
        let mut x = x.clone();
        x[i] = wrong;
        local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, eps).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, x[0].clone(), 0, EPS), "local_encoder: stride is 0, expected at least 1");
    assert_eq!(text(0, x[0].clone(), 2, 0.0), "local_encoder: eps is 0, expected positive and finite");
    let shape = "has shape (4, 6, 4), expected (4, 6, 5)";
    assert_eq!(text(1, part(1, 2, 4), 2, EPS), format!("local_encoder: weights {shape}"));
    assert_eq!(text(2, part(2, 1, 4), 2, EPS), "local_encoder: biases has shape (4, 4), expected (4, 5)");
    assert_eq!(text(3, part(3, 0, 2), 2, EPS), "local_encoder: gain has shape (2), expected (4)");
    assert_eq!(text(4, part(4, 0, 2), 2, EPS), "local_encoder: bias has shape (2), expected (4)");
    let other = x[4].to_dtype(DType::F32).unwrap();
    assert_eq!(text(4, other, 2, EPS), "local_encoder: bias has dtype F32, expected F64");
    let x = single(&x);
    let mut step = steps::LocalEncoder::new((2, 11), &x[1], &x[2], &x[3], &x[4], 2, EPS).unwrap();
    let error = step.step(&[0.0; 21], &mut [], &mut [0.0; 20]).unwrap_err();
    assert_eq!(error.to_string(), "local_encoder: input has shape (21), expected (22)");
    let error = steps::LocalEncoder::new((2, 12), &x[1], &x[2], &x[3], &x[4], 1, EPS).unwrap_err();
    assert!(error.to_string().starts_with("local_encoder: weights has shape (4, 6, 5)"), "{error}");
}
