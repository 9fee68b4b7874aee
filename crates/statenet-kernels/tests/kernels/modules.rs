//! Whole recurrent modules equal the product and the recurrence, one after the other.

use candle_core::Tensor;
use proptest::prelude::*;
use statenet_kernels::{
    CellRun, Layout,
    modules::{self, ModuleWeights},
    reference,
};

use crate::harness::*;

/// One module: inputs are x, weight_ih, weight_hh, bias_ih, bias_hh, h0 and, where there is one, c0; outputs are all states,
/// the last, and the last cell state.
struct Case {
    gates: usize,
    has_cell: bool,
    fused: fn(&[Tensor], Layout) -> Vec<Tensor>,
    /// The last state, and the last cell state.
    last: fn(&[Tensor], Layout) -> Vec<Tensor>,
    /// The recurrence from its gates, weight_hh, bias_hh and the first states.
    plain: fn(&Tensor, &[Tensor]) -> Vec<Tensor>,
}

fn weights(x: &[Tensor]) -> ModuleWeights<'_> {
    ModuleWeights { weight_ih: &x[1], weight_hh: &x[2], bias_ih: &x[3], bias_hh: &x[4] }
}

fn two((states, last): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![states, last]
}

fn three(run: CellRun) -> Vec<Tensor> {
    vec![run.states, run.last, run.cell]
}

const CASES: [Case; 4] = [
    Case {
        gates: 3,
        has_cell: false,
        fused: |x, layout| two(modules::gru(&x[0], layout, &weights(x), &x[5]).unwrap()),
        last: |x, layout| vec![modules::last::gru(&x[0], layout, &weights(x), &x[5]).unwrap()],
        plain: |u, x| two(reference::gru(u, &x[2], &x[4], &x[5]).unwrap()),
    },
    Case {
        gates: 4,
        has_cell: true,
        fused: |x, layout| three(modules::lstm(&x[0], layout, &weights(x), &x[5], &x[6]).unwrap()),
        last: |x, layout| {
            let (h, c) = modules::last::lstm(&x[0], layout, &weights(x), &x[5], &x[6]).unwrap();
            vec![h, c]
        },
        plain: |u, x| three(reference::lstm(u, &x[2], &x[4], &x[5], &x[6]).unwrap()),
    },
    Case {
        gates: 1,
        has_cell: false,
        fused: |x, layout| two(modules::rnn(&x[0], layout, &weights(x), &x[5]).unwrap()),
        last: |x, layout| vec![modules::last::rnn(&x[0], layout, &weights(x), &x[5]).unwrap()],
        plain: |u, x| two(reference::rnn(u, &x[2], &x[4], &x[5]).unwrap()),
    },
    Case {
        gates: 4,
        has_cell: true,
        fused: |x, layout| three(modules::sublstm(&x[0], layout, &weights(x), &x[5], &x[6]).unwrap()),
        last: |x, layout| {
            let (h, c) = modules::last::sublstm(&x[0], layout, &weights(x), &x[5], &x[6]).unwrap();
            vec![h, c]
        },
        plain: |u, x| three(reference::sublstm(u, &x[2], &x[4], &x[5], &x[6]).unwrap()),
    },
];

/// The same with the first stimulus in place of all.
fn alike(x: &[Tensor]) -> Vec<Tensor> {
    let of_first = |(i, x): (usize, &Tensor)| {
        let first = vec![0u32; x.dim(0).unwrap()];
        let is_of_stimuli = i == 0 || i > 4;
        let first = Tensor::new(first, x.device()).unwrap();
        if is_of_stimuli { x.index_select(&first, 0).unwrap() } else { x.clone() }
    };
    x.iter().enumerate().map(of_first).collect()
}

const LAYOUTS: [Layout; 2] = [Layout::ChannelsFirst, Layout::TimeFirst];

impl Case {
    fn plain(&self, x: &[Tensor], layout: Layout) -> Vec<Tensor> {
        let gates = reference::affine(&x[0], layout, &x[1], Some(&x[3]), Layout::TimeFirst).unwrap();
        (self.plain)(&gates, x)
    }

    fn inputs(&self, seed: u64, [batch, time, inputs, hidden]: [usize; 4], layout: Layout) -> Vec<Tensor> {
        let mut n = Numbers(seed);
        let rows = self.gates * hidden;
        let shape = layout.shape(batch, inputs, time);
        let scaled = |x: Tensor, size: usize| (x * (2.0 / (size as f64).sqrt())).unwrap();
        let mut tensors = vec![
            n.signed(&[shape.0, shape.1, shape.2]),
            scaled(n.signed(&[rows, inputs]), inputs),
            scaled(n.signed(&[rows, hidden]), hidden),
            n.signed(&[rows]),
            n.signed(&[rows]),
            n.signed(&[batch, hidden]),
        ];
        if self.has_cell {
            tensors.push(n.signed(&[batch, hidden]));
        }
        tensors
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn fused_equals_plain(
        which in 0usize..4, seed: u64, batch in 1usize..9, time in 1usize..9, inputs in 1usize..20, hidden in 1usize..20,
        layout in 0usize..2, memory in 0usize..3,
    ) {
        let (case, layout) = (&CASES[which], LAYOUTS[layout]);
        let x = case.inputs(seed, [batch, time, inputs, hidden], layout);
        check(|x| (case.fused)(x, layout), |x| case.plain(x, layout), &x, MEMORIES[memory]);
    }

    #[test]
    fn chunks_equal_the_whole(
        which in 0usize..4, seed: u64, batch in 1usize..5, first in 1usize..9, rest in 1usize..9, hidden in 1usize..20,
        layout in 0usize..2,
    ) {
        let (case, layout) = (&CASES[which], LAYOUTS[layout]);
        let x = case.inputs(seed, [batch, first + rest, 5, hidden], layout);
        let time = if layout == Layout::TimeFirst { 1 } else { 2 };
        let chunked = |x: &[Tensor]| {
            let mut part = x.to_vec();
            part[0] = x[0].narrow(time, 0, first).unwrap();
            let a = (case.fused)(&part, layout);
            part[0] = x[0].narrow(time, first, rest).unwrap();
            part[5..].clone_from_slice(&a[1..]);
            let mut b = (case.fused)(&part, layout);
            b[0] = Tensor::cat(&[&a[0], &b[0]], 1).unwrap();
            b
        };
        check(chunked, |x| (case.fused)(x, layout), &x, Memory::Contiguous);
    }

    #[test]
    fn the_future_does_not_change_the_past(
        which in 0usize..4, seed: u64, batch in 1usize..6, time in 2usize..60, hidden in 1usize..40,
    ) {
        let case = &CASES[which];
        let x = case.inputs(seed, [batch, time, 6, hidden], Layout::TimeFirst);
        check_causal(|x| (case.fused)(x, Layout::TimeFirst).remove(0), &x, (1, 1));
    }
}

/// Longer than a block of bins, whatever the number of stimuli in a group.
#[test]
fn blocks_equal_the_whole() {
    for (case, batch) in CASES.iter().zip([1, 2, 3, 9]) {
        for layout in LAYOUTS {
            let x = case.inputs(batch as u64, [batch, 150, 3, 5], layout);
            check(|x| (case.fused)(x, layout), |x| case.plain(x, layout), &x, Memory::Contiguous);
        }
    }
}

#[test]
fn threads_do_not_show() {
    for case in &CASES {
        let x = case.inputs(3, [14, 50, 9, 21], Layout::ChannelsFirst);
        check_threads(|x| (case.fused)(x, Layout::ChannelsFirst), &x);
    }
}

/// Where nobody asks for the input's gradient, those of the weights are the same.
#[test]
fn an_input_that_is_not_tracked_costs_nothing() {
    for case in &CASES {
        let x = case.inputs(5, [5, 40, 4, 6], Layout::ChannelsFirst);
        let fixed = x[0].clone();
        let (_, all) = run(|x| (case.fused)(x, Layout::ChannelsFirst), &x, Memory::Contiguous);
        let with_fixed = |rest: &[Tensor]| {
            let inputs: Vec<Tensor> = std::iter::once(&fixed).chain(rest).cloned().collect();
            (case.fused)(&inputs, Layout::ChannelsFirst)
        };
        let (_, of_weights) = run(with_fixed, &x[1..], Memory::Contiguous);
        for (a, b) in all[1..].iter().zip(&of_weights) {
            assert_eq!(bits(a), bits(b));
        }
    }
}

/// The last state alone is that of all states, and so are its gradients, of stimuli that differ and of such that do not.
#[test]
fn the_last_state_alone_is_that_of_all() {
    for (case, batch) in CASES.iter().zip([1, 9, 5, 4]) {
        for layout in LAYOUTS {
            let different = case.inputs(11, [batch, 70, 4, 6], layout);
            for x in [alike(&different), different] {
                let of_all = |x: &[Tensor]| (case.fused)(x, layout).split_off(1);
                check(|x| (case.last)(x, layout), of_all, &x, Memory::Contiguous);
            }
        }
    }
}

/// Stimuli that hear the same are computed once, and keep their gradients apart: as beside a stimulus that differs.
#[test]
fn stimuli_that_are_alike_are_as_any() {
    for (case, batch) in CASES.iter().zip([2, 9, 5, 4]) {
        for layout in LAYOUTS {
            let x = alike(&case.inputs(7, [batch, 70, 4, 6], layout));
            check(|x| (case.fused)(x, layout), |x| case.plain(x, layout), &x, Memory::Contiguous);
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let layout = Layout::ChannelsFirst;
    let mut x = CASES[0].inputs(1, [2, 4, 3, 5], layout);
    x[1] = x[1].narrow(1, 0, 2).unwrap();
    let text = modules::gru(&x[0], layout, &weights(&x), &x[5]).unwrap_err().to_string();
    assert_eq!(text, "gru: x has shape (2, 3, 4), expected (2, 2, _)");
}
