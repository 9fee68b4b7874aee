use candle_core::{DType, Tensor};
use proptest::prelude::*;
use statenet_kernels::{Layout, affine, reference};

use crate::harness::*;

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::TimeFirst];

fn inputs(seed: u64, from: Layout, [batch, ins, outs, time]: [usize; 4]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let (a, b, c) = from.shape(batch, ins, time);
    vec![n.signed(&[a, b, c]), n.signed(&[outs, ins]), n.signed(&[outs])]
}

fn time_axis(layout: Layout) -> usize {
    match layout {
        Layout::ChannelsFirst => 2,
        Layout::TimeFirst => 1,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, ins in 1usize..20, outs in 1usize..90, time in 1usize..40,
        from in 0usize..2, to in 0usize..2, bias: bool, memory in 0usize..3,
    ) {
        let (from, to) = (LAYOUTS[from], LAYOUTS[to]);
        let mut x = inputs(seed, from, [batch, ins, outs, time]);
        if !bias {
            x.pop();
        }
        let fused = |x: &[Tensor]| vec![affine(&x[0], from, &x[1], x.get(2), to).unwrap()];
        let plain = |x: &[Tensor]| vec![reference::affine(&x[0], from, &x[1], x.get(2), to).unwrap()];
        check(fused, plain, &x, MEMORIES[memory]);
    }

    #[test]
    fn bins_do_not_mix(seed: u64, time in 2usize..300, ins in 1usize..80, outs in 1usize..80) {
        for from in LAYOUTS {
            for to in LAYOUTS {
                let x = inputs(seed, from, [2, ins, outs, time]);
                let op = |x: &[Tensor]| affine(&x[0], from, &x[1], Some(&x[2]), to).unwrap();
                check_causal(op, &x, (time_axis(from), time_axis(to)));
            }
        }
    }
}

#[test]
fn threads_do_not_show() {
    for from in LAYOUTS {
        let x = inputs(3, from, [5, 33, 100, 70]);
        check_threads(|x| vec![affine(&x[0], from, &x[1], Some(&x[2]), Layout::TimeFirst).unwrap()], &x);
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
}
