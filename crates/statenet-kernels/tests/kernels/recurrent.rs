//! What holds for every gated recurrence.

use candle_core::{DType, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{CellRun, Step, gru, lstm, reference, rnn, steps, sublstm};

use crate::harness::*;

/// One recurrence: inputs are gates, weight, bias, h0 and, where there is one, c0; outputs are all states, the last, and
/// the last cell state.
struct Case {
    name: &'static str,
    gates: usize,
    has_cell: bool,
    fused: fn(&[Tensor]) -> Vec<Tensor>,
    plain: fn(&[Tensor]) -> Vec<Tensor>,
    step: fn(&Tensor, &Tensor) -> Box<dyn Step>,
}

fn two((states, last): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![states, last]
}

fn three(run: CellRun) -> Vec<Tensor> {
    vec![run.states, run.last, run.cell]
}

const CASES: [Case; 4] = [
    Case {
        name: "gru",
        gates: 3,
        has_cell: false,
        fused: |x| two(gru(&x[0], &x[1], &x[2], &x[3]).unwrap()),
        plain: |x| two(reference::gru(&x[0], &x[1], &x[2], &x[3]).unwrap()),
        step: |weight, bias| Box::new(steps::Gru::new(weight, bias).unwrap()),
    },
    Case {
        name: "lstm",
        gates: 4,
        has_cell: true,
        fused: |x| three(lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap()),
        plain: |x| three(reference::lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap()),
        step: |weight, bias| Box::new(steps::Lstm::new(weight, bias).unwrap()),
    },
    Case {
        name: "rnn",
        gates: 1,
        has_cell: false,
        fused: |x| two(rnn(&x[0], &x[1], &x[2], &x[3]).unwrap()),
        plain: |x| two(reference::rnn(&x[0], &x[1], &x[2], &x[3]).unwrap()),
        step: |weight, bias| Box::new(steps::Rnn::new(weight, bias).unwrap()),
    },
    Case {
        name: "sublstm",
        gates: 4,
        has_cell: true,
        fused: |x| three(sublstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap()),
        plain: |x| three(reference::sublstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap()),
        step: |weight, bias| Box::new(steps::SubLstm::new(weight, bias).unwrap()),
    },
];

impl Case {
    fn inputs(&self, seed: u64, [batch, time, hidden]: [usize; 3]) -> Vec<Tensor> {
        let mut n = Numbers(seed);
        let (rows, scale) = (self.gates * hidden, 1.0 / (hidden as f64).sqrt());
        let mut inputs = vec![
            n.tensor(&[batch, time, rows], -2.0, 2.0),
            (n.signed(&[rows, hidden]) * (2.0 * scale)).unwrap(),
            n.signed(&[rows]),
            n.signed(&[batch, hidden]),
        ];
        if self.has_cell {
            inputs.push(n.signed(&[batch, hidden]));
        }
        inputs
    }
}

fn in_f32(x: &[Tensor]) -> Vec<Tensor> {
    x.iter().map(|x| x.to_dtype(DType::F32).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        which in 0usize..4, seed: u64, batch in 1usize..9, time in 1usize..9, hidden in 1usize..28, memory in 0usize..3,
    ) {
        let case = &CASES[which];
        check(case.fused, case.plain, &case.inputs(seed, [batch, time, hidden]), MEMORIES[memory]);
    }

    #[test]
    fn chunks_equal_the_whole(
        which in 0usize..4, seed: u64, batch in 1usize..4, first in 1usize..9, rest in 1usize..9, hidden in 1usize..20,
    ) {
        let case = &CASES[which];
        let x = case.inputs(seed, [batch, first + rest, hidden]);
        let chunked = |x: &[Tensor]| {
            let mut part = x.to_vec();
            part[0] = x[0].narrow(1, 0, first).unwrap();
            let a = (case.fused)(&part);
            part[0] = x[0].narrow(1, first, rest).unwrap();
            part[3..].clone_from_slice(&a[1..]);
            let mut b = (case.fused)(&part);
            b[0] = Tensor::cat(&[&a[0], &b[0]], 1).unwrap();
            b
        };
        check(chunked, case.fused, &x, Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(
        which in 0usize..4, seed: u64, batch in 1usize..8, time in 2usize..60, hidden in 1usize..80,
    ) {
        let case = &CASES[which];
        check_causal(|x| (case.fused)(x).remove(0), &case.inputs(seed, [batch, time, hidden]), (1, 1));
    }

    #[test]
    fn a_single_step_is_a_bin_of_the_whole(
        which in 0usize..4, seed: u64, time in 1usize..9, hidden in 1usize..40,
    ) {
        let case = &CASES[which];
        let x = in_f32(&case.inputs(seed, [1, time, hidden]));
        let whole = (case.fused)(&x);
        let mut step = (case.step)(&x[1], &x[2]);
        let numbers = |x: &Tensor| x.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let mut state: Vec<f32> = x[3..].iter().flat_map(numbers).collect();
        let (gates, mut states) = (numbers(&x[0]), Vec::new());
        for bin in gates.chunks_exact(step.n_inputs()) {
            let mut h = vec![f32::NAN; step.n_outputs()];
            step.step(bin, &mut state, &mut h).unwrap();
            states.extend(h);
        }
        let states = Tensor::from_vec(states, whole[0].dims(), whole[0].device()).unwrap();
        assert_near(case.name, &states, &whole[0], 1e-6);
        let last: Vec<f32> = whole[1..].iter().flat_map(numbers).collect();
        let last = Tensor::new(last, whole[0].device()).unwrap();
        assert_near(case.name, &Tensor::new(state, last.device()).unwrap(), &last, 1e-6);
    }
}

#[test]
fn every_size_of_group_and_width_of_panel_is_right() {
    for case in &CASES {
        for hidden in [1, 3, 8, 32, 33, 40, 70, 96, 97, 128] {
            check(case.fused, case.plain, &case.inputs(hidden as u64, [1, 3, hidden]), Memory::Contiguous);
        }
        for batch in 1..14 {
            check(case.fused, case.plain, &case.inputs(batch as u64, [batch, 4, 11]), Memory::Contiguous);
        }
    }
}

/// The backward pass gathers the weights' gradient in blocks of 128 bins.
#[test]
fn clips_longer_than_a_block_are_right() {
    for case in &CASES {
        for time in [127, 128, 129, 257] {
            check(case.fused, case.plain, &case.inputs(time as u64, [3, time, 5]), Memory::Contiguous);
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_rows_beside_it() {
    for case in &CASES {
        let x = in_f32(&case.inputs(5, [7, 20, 70]));
        let all = (case.fused)(&x).remove(0);
        for b in 0..7 {
            let mut alone = x.clone();
            for i in [0, 3, 4] {
                if let Some(x) = alone.get_mut(i) {
                    *x = x.narrow(0, b, 1).unwrap().contiguous().unwrap();
                }
            }
            let alone = (case.fused)(&alone).remove(0);
            assert_eq!(bits(&alone), bits(&all.narrow(0, b, 1).unwrap()), "{} stimulus {b}", case.name);
        }
    }
}

#[test]
fn threads_do_not_show() {
    for case in &CASES {
        for batch in [1, 2, 5, 14] {
            check_threads(case.fused, &case.inputs(9, [batch, 12, 35]));
        }
    }
}

/// Candle's backward pass recurses over the graph; one node for the recurrence keeps it shallow.
#[test]
fn a_clip_of_100_000_bins_trains() {
    for case in &CASES {
        let x = in_f32(&case.inputs(2, [1, 100_000, 2]));
        let vars: Vec<Var> = x.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let x: Vec<Tensor> = vars.iter().map(|x| x.as_tensor().clone()).collect();
        let states = (case.fused)(&x).remove(0);
        let grads = states.sqr().unwrap().mean_all().unwrap().backward().unwrap();
        assert!(
            vars.iter().all(|x| numbers(grads.get(x).unwrap()).iter().all(|g| g.is_finite())),
            "{}",
            case.name
        );
    }
}

#[test]
fn only_tracked_inputs_get_a_gradient() {
    for case in &CASES {
        let mut x = case.inputs(4, [2, 3, 4]);
        let gates = Var::from_tensor(&x[0]).unwrap();
        let weight = Var::from_tensor(&x[1]).unwrap();
        x[1] = weight.as_tensor().clone();
        let grads = (case.fused)(&x)[0].sum_all().unwrap().backward().unwrap();
        assert!(grads.get(&weight).is_some() && grads.get(&gates).is_none(), "{}", case.name);
        x[0] = gates.as_tensor().clone();
        x[1] = x[1].detach();
        for output in (case.fused)(&x) {
            assert!(output.sum_all().unwrap().backward().unwrap().get(&gates).is_some(), "{}", case.name);
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    for case in &CASES {
        let x = case.inputs(4, [2, 3, 4]);
        let error = |x: &[Tensor]| match case.name {
            "gru" => gru(&x[0], &x[1], &x[2], &x[3]).unwrap_err(),
            "rnn" => rnn(&x[0], &x[1], &x[2], &x[3]).unwrap_err(),
            "lstm" => lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap_err(),
            _ => sublstm(&x[0], &x[1], &x[2], &x[3], &x[4]).unwrap_err(),
        };
        for (i, name) in ["gates", "weight_hh", "bias_hh", "h0", "c0"].into_iter().enumerate().take(x.len()) {
            let mut wrong = x.clone();
            let last = wrong[i].rank() - 1;
            let long = Tensor::cat(&[&x[i], &x[i]], last).unwrap();
            wrong[i] = if name == "h0" { long.unsqueeze(0).unwrap() } else { long };
            let text = error(&wrong).to_string();
            assert!(text.starts_with(&format!("{}: {name} has shape", case.name)), "{text}");
            let mut wrong = x.clone();
            wrong[i] = wrong[i].to_dtype(DType::F32).unwrap();
            let text = error(&wrong).to_string();
            assert!(text.contains("has dtype"), "{text}");
        }
        let short = [0.0; 1];
        let mut step = (case.step)(&in_f32(&x)[1], &in_f32(&x)[2]);
        let text = step.step(&short, &mut [0.0; 8], &mut [0.0; 4]).unwrap_err().to_string();
        let expected = format!("{}: input has shape (1), expected ({})", case.name, 4 * case.gates);
        assert_eq!(text, expected);
    }
}
