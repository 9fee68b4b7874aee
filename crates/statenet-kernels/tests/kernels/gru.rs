use candle_core::{DType, Device, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{gru, reference};

use crate::harness::*;

fn inputs(seed: u64, [batch, time, hidden]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let scale = 1.0 / (hidden as f64).sqrt();
    vec![
        n.tensor(&[batch, time, 3 * hidden], -2.0, 2.0),
        (n.signed(&[3 * hidden, hidden]) * (2.0 * scale)).unwrap(),
        n.signed(&[3 * hidden]),
        n.signed(&[batch, hidden]),
    ]
}

fn fused(x: &[Tensor]) -> Vec<Tensor> {
    let (states, last) = gru(&x[0], &x[1], &x[2], &x[3]).unwrap();
    vec![states, last]
}

fn plain(x: &[Tensor]) -> Vec<Tensor> {
    let (states, last) = reference::gru(&x[0], &x[1], &x[2], &x[3]).unwrap();
    vec![states, last]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        seed: u64, batch in 1usize..9, time in 1usize..9, hidden in 1usize..28, memory in 0usize..3,
    ) {
        check(fused, plain, &inputs(seed, [batch, time, hidden]), MEMORIES[memory]);
    }

    #[test]
    fn chunks_equal_the_whole(seed: u64, batch in 1usize..4, first in 1usize..9, rest in 1usize..9, hidden in 1usize..20) {
        let x = inputs(seed, [batch, first + rest, hidden]);
        let chunked = |x: &[Tensor]| {
            let part = |from, bins| x[0].narrow(1, from, bins).unwrap();
            let (a, carried) = gru(&part(0, first), &x[1], &x[2], &x[3]).unwrap();
            let (b, last) = gru(&part(first, rest), &x[1], &x[2], &carried).unwrap();
            vec![Tensor::cat(&[&a, &b], 1).unwrap(), last]
        };
        check(chunked, fused, &x, Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(seed: u64, batch in 1usize..8, time in 2usize..60, hidden in 1usize..80) {
        check_causal(|x| fused(x).remove(0), &inputs(seed, [batch, time, hidden]), (1, 1));
    }
}

#[test]
fn every_size_of_group_and_width_of_panel_is_right() {
    for hidden in [1, 3, 8, 32, 33, 40, 70, 96, 97, 128] {
        check(fused, plain, &inputs(hidden as u64, [1, 3, hidden]), Memory::Contiguous);
    }
    for batch in 1..14 {
        check(fused, plain, &inputs(batch as u64, [batch, 4, 11]), Memory::Contiguous);
    }
}

/// The backward pass gathers the weights' gradient in blocks of 128 bins.
#[test]
fn clips_longer_than_a_block_are_right() {
    for time in [127, 128, 129, 257] {
        check(fused, plain, &inputs(time as u64, [3, time, 5]), Memory::Contiguous);
    }
}

#[test]
fn a_row_does_not_depend_on_the_rows_beside_it() {
    let x: Vec<Tensor> = inputs(5, [7, 20, 70]).iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect();
    let all = fused(&x).remove(0);
    for b in 0..7 {
        let row = |i: usize| x[i].narrow(0, b, 1).unwrap().contiguous().unwrap();
        let alone = fused(&[row(0), x[1].clone(), x[2].clone(), row(3)]).remove(0);
        assert_eq!(bits(&alone), bits(&all.narrow(0, b, 1).unwrap()), "stimulus {b}");
    }
}

#[test]
fn threads_do_not_show() {
    for batch in [1, 2, 5, 14] {
        check_threads(fused, &inputs(9, [batch, 12, 35]));
    }
}

/// H = 1, T = 3, by hand: with all weights 0 and gates u = (0, ln 3, tanh^-1 1/2), z = 3/4 and n = 1/2, so
/// h goes from 1 towards 1/2 in steps of a quarter of the way: 7/8, 25/32, 91/128.
#[test]
fn a_unit_without_weights_moves_by_one_minus_z() {
    let gate = [0.0, 3f64.ln(), 0.5f64.atanh()];
    let gates = Tensor::from_vec(gate.repeat(3), (1, 3, 3), &Device::Cpu).unwrap();
    let weight = Tensor::zeros((3, 1), DType::F64, &Device::Cpu).unwrap();
    let bias = Tensor::zeros(3, DType::F64, &Device::Cpu).unwrap();
    let h0 = Tensor::ones((1, 1), DType::F64, &Device::Cpu).unwrap();
    let (states, last) = gru(&gates, &weight, &bias, &h0).unwrap();
    let states = numbers(&states);
    for (got, expected) in states.iter().zip([7.0 / 8.0, 25.0 / 32.0, 91.0 / 128.0]) {
        assert!((got - expected).abs() < 1e-15, "{got} {expected}");
    }
    assert_eq!(numbers(&last), states[2..]);
}

/// One step by hand with all gates at work: r = z = sigmoid(1), q_n = 2 h + 1 = 3.
#[test]
fn the_reset_gate_multiplies_the_product_with_its_bias() {
    let cpu = &Device::Cpu;
    let gates = Tensor::new(&[[[0f64, 0.0, 0.5]]], cpu).unwrap();
    let weight = Tensor::new(&[[1f64], [1.0], [2.0]], cpu).unwrap();
    let bias = Tensor::new(&[0f64, 0.0, 1.0], cpu).unwrap();
    let h0 = Tensor::new(&[[1f64]], cpu).unwrap();
    let (_, last) = gru(&gates, &weight, &bias, &h0).unwrap();
    let gate = 1.0 / (1.0 + (-1f64).exp());
    let n = (0.5 + gate * 3.0f64).tanh();
    assert!((numbers(&last)[0] - (n + gate * (1.0 - n))).abs() < 1e-15);
}

/// Candle's backward pass recurses over the graph; one node for the recurrence keeps it shallow.
#[test]
fn a_long_clip_trains() {
    let x: Vec<Var> = inputs(2, [1, 50_000, 2])
        .iter()
        .map(|x| Var::from_tensor(&x.to_dtype(DType::F32).unwrap()).unwrap())
        .collect();
    let (states, _) = gru(&x[0], &x[1], &x[2], &x[3]).unwrap();
    let grads = states.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    assert!(x.iter().all(|x| numbers(grads.get(x).unwrap()).iter().all(|g| g.is_finite())));
}

#[test]
fn only_tracked_inputs_get_a_gradient() {
    let x = inputs(4, [2, 3, 4]);
    let weight = Var::from_tensor(&x[1]).unwrap();
    let (states, _) = gru(&x[0], &weight, &x[2], &x[3]).unwrap();
    let grads = states.sum_all().unwrap().backward().unwrap();
    assert!(grads.get(&weight).is_some() && grads.get(&x[0]).is_none());
    let gates = Var::from_tensor(&x[0]).unwrap();
    let (_, last) = gru(&gates, &x[1], &x[2], &x[3]).unwrap();
    assert!(last.sum_all().unwrap().backward().unwrap().get(&gates).is_some());
}

#[test]
fn wrong_arguments_are_named() {
    let x = inputs(1, [2, 3, 4]);
    let text = |i: usize, wrong: Tensor| {
        let mut x = x.clone();
        x[i] = wrong;
        gru(&x[0], &x[1], &x[2], &x[3]).unwrap_err().to_string()
    };
    let part = |i: usize, axis: usize, n: usize| x[i].narrow(axis, 0, n).unwrap();
    assert_eq!(text(0, part(0, 2, 4)), "gru: gates has shape (2, 3, 4), expected (2, _, 12)");
    assert_eq!(text(1, part(1, 0, 4)), "gru: weight_hh has shape (4, 4), expected (12, 4)");
    assert_eq!(text(2, part(2, 0, 4)), "gru: bias_hh has shape (4), expected (12)");
    assert_eq!(text(3, part(3, 0, 1)), "gru: gates has shape (2, 3, 12), expected (1, _, 12)");
    let half = x[3].to_dtype(DType::F16).unwrap();
    assert_eq!(text(3, half), "gru: h0 has dtype F16, expected F64");
}
