//! What Mamba has beside its scan: the short filter and the gate.

use candle_core::{DType, Tensor};
use proptest::prelude::*;
use statenet_kernels::{reference, short_filter, silu_gate, steps};

use crate::{harness::*, stepping::check_step};

fn inputs(seed: u64, [batch, time, channels, taps]: [usize; 4], with_context: bool) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let mut inputs =
        vec![n.signed(&[batch, time, channels]), n.signed(&[channels, taps]), n.signed(&[channels])];
    if with_context && taps > 1 {
        inputs.push(n.signed(&[batch, taps - 1, channels]));
    }
    inputs
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    vec![short_filter(&x[0], &x[1], &x[2], x.get(3)).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..7, time in 1usize..9, channels in 1usize..20, taps in 1usize..6, context: bool,
        memory in 0usize..3,
    ) {
        let plain = |x: &[Tensor]| vec![reference::short_filter(&x[0], &x[1], &x[2], x.get(3)).unwrap()];
        check(fused, plain, &inputs(seed, [batch, time, channels, taps], context), MEMORIES[memory]);
    }

    #[test]
    fn the_future_does_not_change_the_past(seed: u64, batch in 1usize..4, time in 2usize..40, taps in 1usize..6) {
        check_causal(|x| fused(x).remove(0), &inputs(seed, [batch, time, 9, taps], true), (1, 1));
    }

    #[test]
    fn single_bins_are_those_of_the_whole(seed: u64, batch in 1usize..4, time in 1usize..9, taps in 2usize..6) {
        let x = inputs(seed, [batch, time, 11, taps], true);
        let y = fused(&x).remove(0);
        let mut step = steps::ShortFilter::new(&x[1], &x[2]).unwrap();
        let last = Tensor::cat(&[&x[3], &x[0]], 1).unwrap().narrow(1, time, taps - 1).unwrap();
        let state = |x: &Tensor| x.contiguous().unwrap().flatten_from(1).unwrap();
        check_step(&mut step, &x[0], &state(&x[3]), &y, &state(&last));
    }

    #[test]
    fn the_fused_gate_equals_the_plain(
        seed: u64, shape in prop::collection::vec(1usize..7, 1..4), memory in 0usize..3,
    ) {
        let mut n = Numbers(seed);
        let inputs = [n.signed(&shape), n.tensor(&shape, -8.0, 8.0)];
        check(
            |x| vec![silu_gate(&x[0], &x[1]).unwrap()],
            |x| vec![reference::silu_gate(&x[0], &x[1]).unwrap()],
            &inputs,
            MEMORIES[memory],
        );
    }
}

#[test]
fn threads_do_not_show() {
    check_threads(fused, &inputs(3, [9, 50, 17, 4], true));
    let mut n = Numbers(5);
    let large = [n.signed(&[5, 70, 200]), n.signed(&[5, 70, 200])];
    check_threads(|x| vec![silu_gate(&x[0], &x[1]).unwrap()], &large);
}

#[test]
fn a_bin_of_the_gate_is_one_of_the_whole() {
    let mut n = Numbers(7);
    let (x, z) = (n.signed(&[1, 4, 5]), n.signed(&[1, 4, 5]));
    let y = silu_gate(&x, &z).unwrap();
    let both = Tensor::cat(&[&x, &z], 2).unwrap();
    let none = Tensor::zeros((1, 0), DType::F64, x.device()).unwrap();
    check_step(&mut steps::SiluGate::new(5).unwrap(), &both, &none, &y, &none);
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let x = inputs(1, [2, 5, 3, 4], true);
    let text = short_filter(&x[0], &x[1], &x[2], Some(&x[0])).unwrap_err().to_string();
    assert_eq!(text, "short_filter: context has shape (2, 5, 3), expected (2, 3, 3)");
    let text = silu_gate(&x[0], &x[1]).unwrap_err().to_string();
    assert_eq!(text, "silu_gate: z has shape (3, 4), expected (2, 5, 3)");
}
