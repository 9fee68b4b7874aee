//! Single-step forms one after the other, and their messages.

use candle_core::{Device, Tensor};
use proptest::prelude::*;
use statenet_kernels::*;

use crate::{harness::*, laws::check_step};

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_gru_behind_its_affine_map(seed: u64, ins in 1usize..10, hidden in 1usize..40, time in 1usize..12) {
        let mut n = Numbers(seed);
        let x = n.signed(&[2, ins, time]);
        let (weight_ih, bias_ih) = (n.signed(&[3 * hidden, ins]), n.signed(&[3 * hidden]));
        let scale = 2.0 / (hidden as f64).sqrt();
        let weight_hh = (n.signed(&[3 * hidden, hidden]) * scale).unwrap();
        let (bias_hh, h0) = (n.signed(&[3 * hidden]), n.signed(&[2, hidden]));
        let gates = affine(&x, Layout::ChannelsFirst, &weight_ih, Some(&bias_ih), Layout::TimeFirst).unwrap();
        let first = [h0.clone()];
        let (states, last) = gated_recurrence(GatedCell::Gru, &gates, &weight_hh, &bias_hh, &first).unwrap();
        let mut step = steps::GatedRecurrence::new(GatedCell::Gru, &weight_hh, &bias_hh).unwrap();
        check_step(&mut step, &gates, Some(&h0), &states, Some(&last[0]), 1e-4);
        let map = steps::Affine::new(&weight_ih, Some(&bias_ih)).unwrap();
        let mut chain = steps::Sequential::new(vec![Box::new(map), Box::new(step)]).unwrap();
        let bins = x.transpose(1, 2).unwrap().contiguous().unwrap();
        check_step(&mut chain, &bins, Some(&h0), &states, Some(&last[0]), 1e-4);
    }
}

/// The states of the steps lie one after the other: a delay of one bin twice.
#[test]
fn steps_in_a_row_keep_a_state_each() {
    let delay = || Tensor::new(&[[[[1f64, 0.0]]]], &Device::Cpu).unwrap();
    let field = || Box::new(steps::CausalStrf::new(&delay(), None).unwrap());
    let mut chain = steps::Sequential::new(vec![field(), field()]).unwrap();
    let mut state = [10.0, 20.0];
    let rates = [1.0, 2.0, 3.0, 4.0].map(|x| {
        let mut y = [0.0];
        chain.step(&[x], &mut state, &mut y).unwrap();
        y[0]
    });
    assert_eq!(rates, [20.0, 10.0, 1.0, 2.0]);
    assert_eq!(state, [4.0, 3.0]);
}

#[test]
fn wrong_arguments_are_named() {
    let n = |shape: &[usize]| Numbers(1).signed(shape);
    let text = |result: Result<()>| result.unwrap_err().to_string();
    let affine = |weight: &[usize], bias: &[usize]| {
        steps::Affine::new(&n(weight), Some(&n(bias))).map(|map| Box::new(map) as Box<dyn Step>)
    };
    assert_eq!(text(affine(&[2, 3], &[3]).map(drop)), "affine: bias has shape (3), expected (2)");
    let strf = steps::CausalStrf::new(&n(&[2, 3]), None).map(drop);
    assert_eq!(text(strf), "causal_strf: weight has shape (2, 3), expected (_, _, _, _)");
    let filter = steps::CausalConv2d::new(&n(&[2, 1, 3, 4]), &n(&[2]), 2).map(drop);
    assert_eq!(text(filter), "causal_conv2d: weight's width is 3, expected at most the number of bands");
    let filter = steps::CausalConv2d::new(&n(&[2, 1, 3, 4]), &n(&[3]), 3).map(drop);
    assert_eq!(text(filter), "causal_conv2d: bias has shape (3), expected (2)");
    let gru = steps::GatedRecurrence::new(GatedCell::Gru, &n(&[5, 2]), &n(&[6])).map(drop);
    assert_eq!(text(gru), "gru: weight_hh has shape (5, 2), expected (6, 2)");
    let norm = steps::ChannelNorm::new(&n(&[2]), &n(&[2]), 3, 0.0, Then::Identity).map(drop);
    assert_eq!(text(norm), "channel_norm: eps is 0, expected positive and finite");
    let filters = steps::LocallyConnected::new(&n(&[2, 3, 4]), &n(&[2, 4]), [1, 5], 1).map(drop);
    assert_eq!(text(filters), "locally_connected: weights has shape (2, 3, 4), expected (2, 3, 3)");
    let filters = steps::BandConvolution::new(&n(&[2, 1, 6]), &n(&[2]), 5, 1).map(drop);
    assert_eq!(text(filters), "band_convolution: weight's width is 6, expected at most the number of bands");
    let curve = steps::OutputCurve::softplus(&n(&[2]), &n(&[3])).map(drop);
    assert_eq!(text(curve), "softplus_curve: offset has shape (3), expected (2)");
    assert_eq!(text(steps::Softplus::new(0).map(drop)), "softplus: n is 0, expected at least 1");
    assert_eq!(
        text(steps::Sequential::new(Vec::new()).map(drop)),
        "sequential: steps is 0, expected at least 1"
    );
    let links = [affine(&[2, 3], &[2]), affine(&[2, 3], &[2])].map(Result::unwrap);
    let sequential = steps::Sequential::new(links.into()).map(drop);
    assert_eq!(text(sequential), "sequential: input of a step has shape (2), expected (3)");
}
