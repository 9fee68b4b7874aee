use candle_core::{DType, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{Layout, Then, affine, affine_then, reference};

use crate::harness::*;

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::TimeFirst];

fn inputs(seed: u64, from: Layout, [batch, ins, outs, time]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let (a, b, c) = from.shape(batch, ins, time);
    vec![n.signed(&[a, b, c]), n.signed(&[outs, ins]), n.signed(&[outs])]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn with_a_nonlinearity_after_it_fused_equals_plain(
        seed: u64, batch in 1usize..7, ins in 1usize..20, outs in 1usize..40, time in 1usize..40,
        from in 0usize..2, to in 0usize..2, bias: bool, then in 0usize..3, memory in 0usize..3,
    ) {
        let (from, to) = (LAYOUTS[from], LAYOUTS[to]);
        let then = [Then::Identity, Then::Sigmoid, Then::Tanh][then];
        let mut x = inputs(seed, from, [batch, ins, outs, time]);
        if !bias {
            x.pop();
        }
        let fused = |x: &[Tensor]| vec![affine_then(&x[0], from, &x[1], x.get(2), to, then).unwrap()];
        let plain = |x: &[Tensor]| vec![reference::affine_then(&x[0], from, &x[1], x.get(2), to, then).unwrap()];
        check(fused, plain, &x, MEMORIES[memory]);
    }
}

/// Not with random seeds: where a value is 0 but for rounding, the slopes of the two forms differ.
#[test]
fn rectifiers_are_those_of_plain_tensors() {
    for (seed, then) in [(1, Then::Relu), (2, Then::LeakyRelu { slope: 0.1 })] {
        for from in LAYOUTS {
            for to in LAYOUTS {
                let x = inputs(seed, from, [5, 7, 9, 30]);
                let fused = |x: &[Tensor]| vec![affine_then(&x[0], from, &x[1], x.get(2), to, then).unwrap()];
                let plain = |x: &[Tensor]| {
                    vec![reference::affine_then(&x[0], from, &x[1], x.get(2), to, then).unwrap()]
                };
                compare(fused, plain, &x, Memory::Contiguous);
                check_threads(fused, &x);
            }
        }
    }
}

/// W x = 0 where x is: the slope of the left side, as PyTorch's.
#[test]
fn the_slope_at_zero_is_that_of_the_left_side() {
    let weight = Tensor::new(&[[1f64]], &candle_core::Device::Cpu).unwrap();
    let channels = Layout::ChannelsFirst;
    for (then, slope) in [(Then::Relu, 0.0), (Then::LeakyRelu { slope: 0.1 }, 0.1)] {
        for form in [affine_then, reference::affine_then] {
            let x = Var::new(&[[[-1f64, 0.0, 2.0]]], weight.device()).unwrap();
            let y = form(&x, channels, &weight, None, channels, then).unwrap();
            let grads = y.sum_all().unwrap().backward().unwrap();
            assert_eq!(numbers(grads.get(&x).unwrap()), [slope, slope, 1.0], "{then:?}");
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, Layout::TimeFirst, [2, 3, 4, 5]);
    let text = |x: &Tensor, weight: &Tensor, bias: &Tensor| {
        affine(x, Layout::TimeFirst, weight, Some(bias), Layout::TimeFirst).unwrap_err().to_string()
    };
    let short = x[1].narrow(1, 0, 2).unwrap();
    assert_eq!(text(&x[0], &short, &x[2]), "affine: x has shape (2, 5, 3), expected (_, _, 2)");
    let wide = Tensor::cat(&[&x[2], &x[2]], 0).unwrap();
    assert_eq!(text(&x[0], &x[1], &wide), "affine: bias has shape (8), expected (4)");
    let single = x[1].to_dtype(DType::F32).unwrap();
    assert_eq!(text(&x[0], &single, &x[2]), "affine: weight has dtype F32, expected F64");
    let then = Then::LeakyRelu { slope: -1.0 };
    let wrong = affine_then(&x[0], Layout::TimeFirst, &x[1], None, Layout::TimeFirst, then).unwrap_err();
    assert_eq!(wrong.to_string(), "affine: slope is -1, expected finite and at least 0");
}
