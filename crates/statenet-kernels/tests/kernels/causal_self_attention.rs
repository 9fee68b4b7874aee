use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{Layout, SelfAttention, affine, causal_attention, causal_self_attention, reference};

use crate::harness::*;

/// x, in_weight, in_bias, out_weight, out_bias.
fn inputs(seed: u64, [batch, units, time]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let shapes: [&[usize]; 5] =
        [&[batch, units, time], &[3 * units, units], &[3 * units], &[units, units], &[units]];
    shapes.map(|shape| n.signed(shape)).to_vec()
}

fn attention(x: &[Tensor], heads: usize, window: Option<usize>) -> SelfAttention<'_> {
    SelfAttention {
        in_weight: &x[1],
        in_bias: &x[2],
        out_weight: &x[3],
        out_bias: &x[4],
        heads,
        window,
        turns: None,
    }
}

fn fused(x: &[Tensor], heads: usize, window: Option<usize>) -> Vec<Tensor> {
    vec![causal_self_attention(&x[0], attention(x, heads, window)).unwrap()]
}

fn plain(x: &[Tensor], heads: usize, window: Option<usize>) -> Vec<Tensor> {
    vec![reference::causal_self_attention(&x[0], attention(x, heads, window)).unwrap()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..4, heads in 1usize..4, depth in 1usize..6, time in 1usize..70,
        window in prop::option::of(1usize..80), memory in 0usize..3,
    ) {
        let x = inputs(seed, [batch, heads * depth, time]);
        check(|x| fused(x, heads, window), |x| plain(x, heads, window), &x, MEMORIES[memory]);
    }

    /// A stream: the maps bin by bin, attention with the keys and values so far.
    #[test]
    fn bins_with_earlier_keys_equal_the_whole(seed: u64, heads in 1usize..3, time in 1usize..12, window in 1usize..9) {
        let (units, channels, bins) = (2 * heads, Layout::ChannelsFirst, Layout::TimeFirst);
        let x = inputs(seed, [2, units, time]);
        let streamed = |x: &[Tensor]| {
            let (mut keys, mut values, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
            for t in 0..time {
                let frame = x[0].narrow(2, t, 1).unwrap();
                let qkv = affine(&frame, channels, &x[1], Some(&x[2]), bins).unwrap();
                let part = |i: usize| {
                    let part = qkv.narrow(2, i * units, units).unwrap().contiguous().unwrap();
                    part.reshape((2, 1, heads, 2)).unwrap().transpose(1, 2).unwrap()
                };
                keys.push(part(1));
                values.push(part(2));
                let (k, v) = (Tensor::cat(&keys, 2).unwrap(), Tensor::cat(&values, 2).unwrap());
                let z = causal_attention(&part(0), &k, &v, 1.0 / 2f64.sqrt(), Some(window)).unwrap();
                let z = z.transpose(1, 2).unwrap().contiguous().unwrap().reshape((2, 1, units)).unwrap();
                outputs.push(affine(&z, bins, &x[3], Some(&x[4]), channels).unwrap());
            }
            vec![Tensor::cat(&outputs, 2).unwrap()]
        };
        check(streamed, |x| fused(x, heads, Some(window)), &x, Memory::Contiguous);
    }
}

/// Bins are worked on in blocks of 32 queries.
#[test]
fn clips_longer_than_a_block_are_right() {
    for time in [31, 32, 33, 130] {
        for window in [None, Some(1), Some(32), Some(40)] {
            let x = inputs(time as u64, [1, 6, time]);
            check(|x| fused(x, 2, window), |x| plain(x, 2, window), &x, Memory::Contiguous);
        }
    }
}

#[test]
fn threads_do_not_show() {
    check_threads(|x| fused(x, 3, Some(20)), &inputs(9, [5, 12, 40]));
    check_threads(|x| fused(x, 1, None), &inputs(9, [2, 7, 40]));
}

#[test]
fn only_tracked_inputs_get_a_gradient() {
    let x = inputs(4, [2, 4, 9]);
    for i in 1..5 {
        let mut x = x.clone();
        let var = Var::from_tensor(&x[i]).unwrap();
        x[i] = var.as_tensor().clone();
        let grads = fused(&x, 2, None)[0].sqr().unwrap().sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&var).is_some() && grads.get(&x[0]).is_none());
    }
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 6, 5]);
    let text = |i: usize, wrong: Tensor, heads, window| {
        let mut x = x.clone();
        x[i] = wrong;
        causal_self_attention(&x[0], attention(&x, heads, window)).unwrap_err().to_string()
    };
    let part = |i: usize, n: usize| x[i].narrow(0, 0, n).unwrap();
    let op = "causal_self_attention";
    assert_eq!(text(1, part(1, 6), 2, None), format!("{op}: in_weight has shape (6, 6), expected (18, 6)"));
    assert_eq!(text(2, part(2, 6), 2, None), format!("{op}: in_bias has shape (6), expected (18)"));
    assert_eq!(text(3, part(3, 5), 2, None), format!("{op}: out_weight has shape (5, 6), expected (6, 6)"));
    assert_eq!(text(4, part(4, 5), 2, None), format!("{op}: out_bias has shape (5), expected (6)"));
    let single = x[4].to_dtype(DType::F32).unwrap();
    assert_eq!(text(4, single, 2, None), format!("{op}: out_bias has dtype F32, expected F64"));
    let all = || x[0].clone();
    assert_eq!(
        text(0, all(), 4, None),
        format!("{op}: heads is 4, expected a divisor of the number of units")
    );
    assert_eq!(text(0, all(), 2, Some(0)), format!("{op}: window is 0, expected at least 1"));
    let turned = |x: &[Tensor], heads, shape: [usize; 3], dtype| {
        let turns = Tensor::ones(&shape, dtype, &Device::Cpu).unwrap();
        let attention = SelfAttention { turns: Some(&turns), ..attention(x, heads, None) };
        causal_self_attention(&x[0], attention).unwrap_err().to_string()
    };
    let double = DType::F64;
    assert_eq!(
        turned(&x, 2, [5, 1, 2], double),
        format!("{op}: units of a head is 3, expected an even number, to be turned in pairs")
    );
    assert_eq!(
        turned(&x, 3, [4, 1, 2], double),
        format!("{op}: turns has shape (4, 1, 2), expected (5, 1, 2)")
    );
    assert_eq!(turned(&x, 3, [5, 1, 2], DType::F32), format!("{op}: turns has dtype F32, expected F64"));
}
