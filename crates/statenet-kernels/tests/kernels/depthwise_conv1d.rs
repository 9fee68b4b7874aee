//! What Mamba has beside its scan: the depthwise convolution and the gate.

use candle_core::Tensor;
use proptest::prelude::*;
use statenet_kernels::{depthwise_conv1d, reference, silu_gate};

use crate::harness::*;

fn inputs(seed: u64, [batch, time, channels, taps]: [usize; 4], with_context: bool) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let mut inputs =
        vec![n.signed(&[batch, time, channels]), n.signed(&[channels, taps]), n.signed(&[channels])];
    if with_context && taps > 1 {
        inputs.push(n.signed(&[batch, taps - 1, channels]));
    }
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_gate_of_any_shape_equals_the_plain(
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
fn shapes_that_do_not_fit_are_named() {
    let x = inputs(1, [2, 5, 3, 4], true);
    let text = depthwise_conv1d(&x[0], &x[1], &x[2], Some(&x[0])).unwrap_err().to_string();
    assert_eq!(text, "depthwise_conv1d: context has shape (2, 5, 3), expected (2, 3, 3)");
    let text = silu_gate(&x[0], &x[1]).unwrap_err().to_string();
    assert_eq!(text, "silu_gate: z has shape (3, 4), expected (2, 5, 3)");
}
