//! Single-step forms of operations without a recurrence, and of the receptive field: they equal the operation on a
//! whole clip.

use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use statenet_kernels::*;

use crate::{harness::*, stepping::check_step};

/// (B, ..., T) as (B, T, all else).
fn bins(x: &Tensor) -> Tensor {
    let (batch, time) = (x.dim(0).unwrap(), x.dim(x.rank() - 1).unwrap());
    x.reshape((batch, (), time)).unwrap().transpose(1, 2).unwrap().contiguous().unwrap()
}

fn check_stateless(mut step: impl Step, x: &Tensor, y: &Tensor) {
    let none = Tensor::zeros((x.dim(0).unwrap(), 0), DType::F64, &Device::Cpu).unwrap();
    check_step(&mut step, &bins(x), &none, &bins(y), &none);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_affine_map(seed: u64, batch in 1usize..3, ins in 1usize..40, outs in 1usize..130, time in 1usize..5, bias: bool) {
        let mut n = Numbers(seed);
        let (x, weight, c) = (n.signed(&[batch, ins, time]), n.signed(&[outs, ins]), n.signed(&[outs]));
        let bias = bias.then_some(&c);
        let y = affine(&x, Layout::ChannelsFirst, &weight, bias, Layout::ChannelsFirst).unwrap();
        check_stateless(steps::Affine::new(&weight, bias).unwrap(), &x, &y);
    }

    #[test]
    fn filters_along_frequency(
        seed: u64, inputs in 1usize..3, width in 1usize..5, more in 0usize..9, stride in 1usize..4, channels in 1usize..20,
    ) {
        let mut n = Numbers(seed);
        let bands = width + more;
        let positions = more / stride + 1;
        let x = n.signed(&[2, inputs, bands, 3]);
        let (weights, biases) = (n.signed(&[channels, inputs * width, positions]), n.signed(&[channels, positions]));
        let y = locally_connected(&x, &weights, &biases, stride).unwrap();
        check_stateless(steps::LocallyConnected::new(&weights, &biases, [inputs, bands], stride).unwrap(), &x, &y);
        let (weight, bias) = (n.signed(&[channels, inputs, width]), n.signed(&[channels]));
        let y = band_convolution(&x, &weight, &bias, stride).unwrap();
        check_stateless(steps::BandConvolution::new(&weight, &bias, bands, stride).unwrap(), &x, &y);
    }

    #[test]
    fn a_normalisation(seed: u64, channels in 1usize..9, positions in 1usize..12, then in 0usize..3) {
        let mut n = Numbers(seed);
        let then = [Then::Identity, Then::Sigmoid, Then::Tanh][then];
        let x = n.tensor(&[2, channels, positions, 3], -2.0, 2.0);
        let (gain, bias) = (n.signed(&[channels]), n.signed(&[channels]));
        // f32 loses digits of a variance near zero.
        let y = channel_norm(&x, &gain, &bias, 1e-2, then).unwrap();
        check_stateless(steps::ChannelNorm::new(&gain, &bias, positions, 1e-2, then).unwrap(), &x, &y);
    }

    #[test]
    fn output_curves(seed: u64, neurons in 1usize..30) {
        let mut n = Numbers(seed);
        let x = n.tensor(&[2, neurons, 3], -3.0, 3.0);
        let [a, b, c, d] = [0, 1, 2, 3].map(|_| n.tensor(&[neurons], 0.3, 2.0));
        check_stateless(steps::Softplus::new(neurons).unwrap(), &x, &softplus(&x).unwrap());
        let y = softplus_curve(&x, &a, &b).unwrap();
        check_stateless(steps::OutputCurve::softplus(&a, &b).unwrap(), &x, &y);
        let y = sigmoid_curve(&x, &a, &b, &c, &d).unwrap();
        check_stateless(steps::OutputCurve::sigmoid(&a, &b, &c, &d).unwrap(), &x, &y);
        let y = exponential_curve(&x, &a, &b, &c).unwrap();
        check_stateless(steps::OutputCurve::exponential(&a, &b, &c).unwrap(), &x, &y);
        let y = double_exponential_curve(&x, &a, &b, &c, &d).unwrap();
        check_stateless(steps::OutputCurve::double_exponential(&a, &b, &c, &d).unwrap(), &x, &y);
    }

    #[test]
    fn a_receptive_field(
        seed: u64, channels in 1usize..3, bands in 1usize..6, lags in 1usize..6, outs in 1usize..12, time in 1usize..12,
    ) {
        let mut n = Numbers(seed);
        let x = n.signed(&[2, channels, bands, time]);
        let (weight, bias) = (n.signed(&[outs, channels, bands, lags]), n.signed(&[outs]));
        let context = n.signed(&[2, channels, bands, lags - 1]);
        let y = causal_strf(&x, &weight, Some(&bias), Some(&context)).unwrap();
        let seen = Tensor::cat(&[&context, &x], 3).unwrap();
        let last = seen.narrow(3, time, lags - 1).unwrap().contiguous().unwrap();
        let flat = |x: &Tensor| x.reshape((2, channels * bands * (lags - 1))).unwrap();
        let mut step = steps::CausalStrf::new(&weight, Some(&bias)).unwrap();
        check_step(&mut step, &bins(&x), &flat(&context), &bins(&y), &flat(&last));
    }

    #[test]
    fn a_convolution_over_frequency_and_time(
        seed: u64, ins in 1usize..4, rows in 1usize..40, width in 1usize..4, lags in 1usize..6, outs in 1usize..14,
        time in 1usize..8,
    ) {
        let mut n = Numbers(seed);
        let bands = rows + width - 1;
        let x = n.signed(&[2, ins, bands, time]);
        let (weight, bias) = (n.signed(&[outs, ins, width, lags]), n.signed(&[outs]));
        let context = match lags {
            1 => Tensor::zeros((2, ins, bands, 0), DType::F64, &Device::Cpu).unwrap(),
            lags => n.signed(&[2, ins, bands, lags - 1]),
        };
        let y = causal_conv2d(&x, &weight, &bias, Some(&context)).unwrap();
        let seen = Tensor::cat(&[&context, &x], 3).unwrap();
        let last = seen.narrow(3, time, lags - 1).unwrap().contiguous().unwrap();
        let flat = |x: &Tensor| x.reshape((2, ins * bands * (lags - 1))).unwrap();
        let mut step = steps::CausalConv2d::new(&weight, &bias, bands).unwrap();
        check_step(&mut step, &bins(&x), &flat(&context), &bins(&y), &flat(&last));
    }

    #[test]
    fn a_gru_behind_its_affine_map(seed: u64, ins in 1usize..10, hidden in 1usize..40, time in 1usize..12) {
        let mut n = Numbers(seed);
        let x = n.signed(&[2, ins, time]);
        let (weight_ih, bias_ih) = (n.signed(&[3 * hidden, ins]), n.signed(&[3 * hidden]));
        let scale = 2.0 / (hidden as f64).sqrt();
        let weight_hh = (n.signed(&[3 * hidden, hidden]) * scale).unwrap();
        let (bias_hh, h0) = (n.signed(&[3 * hidden]), n.signed(&[2, hidden]));
        let gates = affine(&x, Layout::ChannelsFirst, &weight_ih, Some(&bias_ih), Layout::TimeFirst).unwrap();
        let (states, last) = gru(&gates, &weight_hh, &bias_hh, &h0).unwrap();
        let mut step = steps::Gru::new(&weight_hh, &bias_hh).unwrap();
        check_step(&mut step, &gates, &h0, &states, &last);
        let map = steps::Affine::new(&weight_ih, Some(&bias_ih)).unwrap();
        let mut chain = steps::Chain::new(vec![Box::new(map), Box::new(step)]).unwrap();
        check_step(&mut chain, &bins(&x), &h0, &states, &last);
    }
}

/// The states of the links lie one after the other.
#[test]
fn a_chain_of_windows_looks_as_far_as_both() {
    let delay = || Tensor::new(&[[[[1f64, 0.0]]]], &Device::Cpu).unwrap();
    let field = || Box::new(steps::CausalStrf::new(&delay(), None).unwrap());
    let mut chain = steps::Chain::new(vec![field(), field()]).unwrap();
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
    let gru = steps::Gru::new(&n(&[5, 2]), &n(&[6])).map(drop);
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
    assert_eq!(text(steps::Chain::new(Vec::new()).map(drop)), "chain: steps is 0, expected at least 1");
    let links = [affine(&[2, 3], &[2]), affine(&[2, 3], &[2])].map(Result::unwrap);
    let chain = steps::Chain::new(links.into()).map(drop);
    assert_eq!(text(chain), "chain: what a step gives has shape (2), expected (3)");
}
