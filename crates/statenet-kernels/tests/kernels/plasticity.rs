use candle_core::{Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{plasticity, reference, steps};

use crate::{harness::*, stepping::check_step};

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

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    let (found, last) = plasticity(&x[0], &x[1], &x[2], &x[3]).unwrap();
    vec![found, last]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    let (found, last) = reference::plasticity(&x[0], &x[1], &x[2], &x[3]).unwrap();
    vec![found, last]
}

/// In two chunks.
fn chunked(first: usize) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
    move |x| {
        let part = |i: usize, from, bins| x[i].narrow(2, from, bins).unwrap();
        let rest = x[0].dim(2).unwrap() - first;
        let a = fused(&[part(0, 0, first), part(1, 0, first), x[2].clone(), x[3].clone()]);
        let b = fused(&[part(0, first, rest), part(1, first, rest), x[2].clone(), a[1].clone()]);
        vec![Tensor::cat(&[&a[0], &b[0]], 2).unwrap(), b[1].clone()]
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, channels in 1usize..20, time in 1usize..20, memory in 0usize..3,
    ) {
        check(fused, plain, &inputs(seed, [batch, channels, time]), MEMORIES[memory]);
    }

    #[test]
    fn chunks_equal_the_whole(
        seed: u64, batch in 1usize..4, channels in 1usize..20, first in 1usize..9, rest in 1usize..9,
    ) {
        check(chunked(first), fused, &inputs(seed, [batch, channels, first + rest]), Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(seed: u64, channels in 1usize..40, time in 4usize..60) {
        check_causal(|x| fused(x).remove(0), &inputs(seed, [2, channels, time]), (2, 2));
    }

    #[test]
    fn steps_equal_the_whole(seed: u64, batch in 1usize..3, channels in 1usize..20, time in 1usize..20) {
        let x = inputs(seed, [batch, channels, time]);
        let whole = fused(&x);
        let bins = |x: &Tensor| x.transpose(1, 2).unwrap().contiguous().unwrap();
        let both = bins(&Tensor::cat(&[&x[0], &x[1]], 1).unwrap());
        let mut step = steps::Plasticity::new(&x[2]).unwrap();
        check_step(&mut step, &both, &x[3], &bins(&whole[0]), &whole[1]);
    }
}

#[test]
fn threads_do_not_show() {
    check_threads(fused, &inputs(9, [5, 33, 50]));
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
fn a_long_clip_trains() {
    let x: Vec<Var> = inputs(2, [1, 2, 100_000])
        .iter()
        .map(|x| Var::from_tensor(&x.to_dtype(candle_core::DType::F32).unwrap()).unwrap())
        .collect();
    let (found, _) = plasticity(&x[0], &x[1], &x[2], &x[3]).unwrap();
    let grads = found.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    assert!(x.iter().all(|x| numbers(grads.get(x).unwrap()).iter().all(|g| g.is_finite())));
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
