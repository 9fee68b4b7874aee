use candle_core::{DType, Device, Tensor};
use statenet_kernels::{Layout, adaptation, leaky, steps};

use crate::harness::*;

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
