use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{Layout, adaptation, leaky, reference, steps};

use crate::{harness::*, stepping::check_step};

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::TimeFirst];

fn axis(layout: Layout) -> usize {
    if layout == Layout::TimeFirst { 1 } else { 2 }
}

/// x, decay, gain, first state; without the gain for an adaptation.
fn inputs(seed: u64, layout: Layout, [batch, channels, time]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let (a, b, c) = layout.shape(batch, channels, time);
    vec![
        n.signed(&[a, b, c]),
        n.tensor(&[channels], -0.2, 1.0),
        n.signed(&[channels]),
        n.signed(&[batch, channels]),
    ]
}

fn fused(layout: Layout) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
    move |x| {
        let (states, last) = match x {
            [x, decay, gain, z0] => leaky(x, layout, decay, gain, z0).unwrap(),
            x => adaptation(&x[0], layout, &x[1], &x[2]).unwrap(),
        };
        vec![states, last]
    }
}

fn plain(layout: Layout) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
    move |x| {
        let (states, last) = match x {
            [x, decay, gain, z0] => reference::leaky(x, layout, decay, gain, z0).unwrap(),
            x => reference::adaptation(&x[0], layout, &x[1], &x[2]).unwrap(),
        };
        vec![states, last]
    }
}

/// In two chunks.
fn chunked(layout: Layout, first: usize) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
    move |x| {
        let time = axis(layout);
        let part = |from, bins| x[0].narrow(time, from, bins).unwrap();
        let mut chunk = x.to_vec();
        chunk[0] = part(0, first);
        let a = fused(layout)(&chunk);
        chunk[0] = part(first, x[0].dim(time).unwrap() - first);
        chunk[x.len() - 1] = a[1].clone();
        let b = fused(layout)(&chunk);
        vec![Tensor::cat(&[&a[0], &b[0]], time).unwrap(), b[1].clone()]
    }
}

/// The same for a leaky integrator and for an adaptation.
fn both(x: Vec<Tensor>) -> [Vec<Tensor>; 2] {
    let adaptation = vec![x[0].clone(), x[1].clone(), x[3].clone()];
    [x, adaptation]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, channels in 1usize..20, time in 1usize..20, layout in 0usize..2,
        memory in 0usize..3,
    ) {
        let layout = LAYOUTS[layout];
        for x in both(inputs(seed, layout, [batch, channels, time])) {
            check(fused(layout), plain(layout), &x, MEMORIES[memory]);
        }
    }

    #[test]
    fn chunks_equal_the_whole(
        seed: u64, batch in 1usize..4, channels in 1usize..20, first in 1usize..9, rest in 1usize..9,
        layout in 0usize..2,
    ) {
        let layout = LAYOUTS[layout];
        for x in both(inputs(seed, layout, [batch, channels, first + rest])) {
            check(chunked(layout, first), fused(layout), &x, Memory::Contiguous);
        }
    }

    #[test]
    fn the_future_does_not_change_the_past(seed: u64, channels in 1usize..40, time in 4usize..60) {
        for layout in LAYOUTS {
            for x in both(inputs(seed, layout, [2, channels, time])) {
                check_causal(|x| fused(layout)(x).remove(0), &x, (axis(layout), axis(layout)));
            }
        }
    }

    #[test]
    fn steps_equal_the_whole(seed: u64, batch in 1usize..3, channels in 1usize..20, time in 1usize..20) {
        let x = inputs(seed, Layout::TimeFirst, [batch, channels, time]);
        let whole = fused(Layout::TimeFirst)(&x);
        let mut step = steps::Leaky::new(&x[1], &x[2]).unwrap();
        check_step(&mut step, &x[0], &x[3], &whole[0], &whole[1]);
        let [_, x] = both(x);
        let whole = fused(Layout::TimeFirst)(&x);
        let mut step = steps::Adaptation::new(&x[1]).unwrap();
        check_step(&mut step, &x[0], &x[2], &whole[0], &whole[1]);
    }
}

#[test]
fn threads_do_not_show() {
    for layout in LAYOUTS {
        for x in both(inputs(9, layout, [5, 33, 50])) {
            check_threads(fused(layout), &x);
        }
    }
}

/// The decay of DNet: its impulse response is (1 - 1/tau)^k / tau, and what was there for ever stays.
#[test]
fn the_decay_of_dnet_is_a_leaky_integrator() {
    let cpu = &Device::Cpu;
    let tau = 4.0;
    let (decay, gain) =
        (Tensor::new(&[1.0 - 1.0 / tau], cpu).unwrap(), Tensor::new(&[1.0 / tau], cpu).unwrap());
    let impulse = Tensor::new(&[[[1f64, 0.0, 0.0]]], cpu).unwrap();
    let (y, _) =
        leaky(&impulse, Layout::ChannelsFirst, &decay, &gain, &Tensor::new(&[[0f64]], cpu).unwrap()).unwrap();
    assert_eq!(numbers(&y), [0.25, 0.1875, 0.140625]);
    let constant = Tensor::new(&[[[3f64, 3.0, 3.0]]], cpu).unwrap();
    let (y, _) =
        leaky(&constant, Layout::ChannelsFirst, &decay, &gain, &Tensor::new(&[[3f64]], cpu).unwrap())
            .unwrap();
    assert_eq!(numbers(&y), [3.0; 3]);
}

/// The filters of the reference are long sums over the past; the average is their limit.
#[test]
fn an_adaptation_is_the_weighted_past() {
    let (decay, time) = (0.7f64, 12);
    let x = numbers(&Numbers(3).signed(&[time]));
    let tensor = Tensor::from_vec(x.clone(), (1, time, 1), &Device::Cpu).unwrap();
    let e0 = tensor.narrow(1, 0, 1).unwrap().squeeze(1).unwrap();
    let decay_tensor = Tensor::new(&[decay], &Device::Cpu).unwrap();
    let (e, _) = adaptation(&tensor, Layout::TimeFirst, &decay_tensor, &e0).unwrap();
    for (t, e) in numbers(&e).into_iter().enumerate() {
        // Before the clip lies its first bin.
        let past = |k: usize| x[t.saturating_sub(1 + k)];
        let sum: f64 = (0..400).map(|k| (1.0 - decay) * decay.powi(k as i32) * past(k)).sum();
        assert!((e - sum).abs() < 1e-12, "bin {t}: {e}, expected {sum}");
    }
}

#[test]
fn a_long_clip_trains() {
    for layout in LAYOUTS {
        let x: Vec<Var> = inputs(2, layout, [1, 2, 100_000])
            .iter()
            .map(|x| Var::from_tensor(&x.to_dtype(DType::F32).unwrap()).unwrap())
            .collect();
        let (states, _) = leaky(&x[0], layout, &x[1], &x[2], &x[3]).unwrap();
        let grads = states.sqr().unwrap().mean_all().unwrap().backward().unwrap();
        assert!(x.iter().all(|x| numbers(grads.get(x).unwrap()).iter().all(|g| g.is_finite())));
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, Layout::TimeFirst, [2, 3, 4]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        leaky(&x[0], Layout::TimeFirst, &x[1], &x[2], &x[3]).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, part(0, 2, 2)), "leaky: x has shape (2, 4, 2), expected (2, _, 3)");
    assert_eq!(text(1, part(1, 0, 2)), "leaky: decay has shape (2), expected (3)");
    assert_eq!(text(2, part(2, 0, 2)), "leaky: gain has shape (2), expected (3)");
    assert_eq!(text(3, x[3].to_dtype(DType::F16).unwrap()), "leaky: z0 has dtype F16, expected F64");
    let wrong = adaptation(&x[0], Layout::ChannelsFirst, &x[1], &x[3]).unwrap_err().to_string();
    assert_eq!(wrong, "adaptation: x has shape (2, 4, 3), expected (2, 3, _)");
    let wrong = steps::Leaky::new(&x[1], &part(2, 0, 2)).unwrap_err().to_string();
    assert_eq!(wrong, "leaky: gain has shape (2), expected (3)");
}
