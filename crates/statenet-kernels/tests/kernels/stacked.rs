//! Stacked models give the bits of the single ones, values and gradients.

use candle_core::{DType, Tensor, Var};
use proptest::prelude::*;
use statenet_kernels::{Layout, affine, gru, local_encoder, lstm, rnn, stacked, sublstm};

use crate::harness::*;

const STRIDE: usize = 2;
const EPS: f64 = 1e-3;

struct Case {
    name: &'static str,
    /// Shapes of the tensors of one model, given B, T and H.
    shapes: fn([usize; 3]) -> Vec<Vec<usize>>,
    one: fn(&[Tensor]) -> Vec<Tensor>,
    all: fn(&[Tensor]) -> Vec<Tensor>,
}

fn gated(n_gates: usize, [b, t, h]: [usize; 3]) -> Vec<Vec<usize>> {
    vec![vec![b, t, n_gates * h], vec![n_gates * h, h], vec![n_gates * h], vec![b, h], vec![b, h]]
}

const CASES: [Case; 7] = [
    Case {
        name: "gru",
        shapes: |sizes| gated(3, sizes)[..4].to_vec(),
        one: |x| gru(&x[0], &x[1], &x[2], &x[3]).map(|(a, b)| vec![a, b]).unwrap(),
        all: |x| stacked::gru(&x[0], &x[1], &x[2], &x[3]).map(|(a, b)| vec![a, b]).unwrap(),
    },
    Case {
        name: "rnn",
        shapes: |sizes| gated(1, sizes)[..4].to_vec(),
        one: |x| rnn(&x[0], &x[1], &x[2], &x[3]).map(|(a, b)| vec![a, b]).unwrap(),
        all: |x| stacked::rnn(&x[0], &x[1], &x[2], &x[3]).map(|(a, b)| vec![a, b]).unwrap(),
    },
    Case {
        name: "lstm",
        shapes: |sizes| gated(4, sizes),
        one: |x| lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|r| vec![r.states, r.last, r.cell]).unwrap(),
        all: |x| {
            stacked::lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|r| vec![r.states, r.last, r.cell]).unwrap()
        },
    },
    Case {
        name: "sublstm",
        shapes: |sizes| gated(4, sizes),
        one: |x| sublstm(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|r| vec![r.states, r.last, r.cell]).unwrap(),
        all: |x| {
            stacked::sublstm(&x[0], &x[1], &x[2], &x[3], &x[4])
                .map(|r| vec![r.states, r.last, r.cell])
                .unwrap()
        },
    },
    Case {
        name: "affine with a bias",
        shapes: |[b, t, h]| vec![vec![b, h, t], vec![5, h], vec![5]],
        one: |x| vec![affine(&x[0], Layout::ChannelsFirst, &x[1], Some(&x[2]), Layout::TimeFirst).unwrap()],
        all: |x| {
            vec![
                stacked::affine(&x[0], Layout::ChannelsFirst, &x[1], Some(&x[2]), Layout::TimeFirst).unwrap(),
            ]
        },
    },
    Case {
        name: "affine",
        shapes: |[b, t, h]| vec![vec![b, t, h], vec![3, h]],
        one: |x| vec![affine(&x[0], Layout::TimeFirst, &x[1], None, Layout::ChannelsFirst).unwrap()],
        all: |x| vec![stacked::affine(&x[0], Layout::TimeFirst, &x[1], None, Layout::ChannelsFirst).unwrap()],
    },
    Case {
        name: "local encoder",
        shapes: |[b, t, _]| vec![vec![b, 2, 7, t], vec![3, 6, 3], vec![3, 3], vec![3], vec![3]],
        one: |x| vec![local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], STRIDE, EPS).unwrap()],
        all: |x| vec![stacked::local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], STRIDE, EPS).unwrap()],
    },
];

/// K models' tensors, f32.
fn inputs(case: &Case, seed: u64, models: usize, sizes: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let stack = |shape: Vec<usize>| {
        let shape: Vec<usize> = [models].into_iter().chain(shape).collect();
        n.signed(&shape).to_dtype(DType::F32).unwrap()
    };
    (case.shapes)(sizes).into_iter().map(stack).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn each_model_gets_the_bits_that_it_gets_alone(
        which in 0usize..7, seed: u64, models in 1usize..5, batch in 1usize..4, time in 1usize..9, hidden in 1usize..20,
    ) {
        let case = &CASES[which];
        let x = inputs(case, seed, models, [batch, time, hidden]);
        let vars: Vec<Var> = x.iter().map(|x| Var::from_tensor(x).unwrap()).collect();
        let views = |vars: &[Var]| vars.iter().map(|v| v.as_tensor().clone()).collect::<Vec<_>>();
        let total = |outputs: &[Tensor]| {
            outputs.iter().map(|y| y.sqr().unwrap().sum_all().unwrap()).reduce(|a, b| (a + b).unwrap()).unwrap()
        };
        let together = (case.all)(&views(&vars));
        let grads = total(&together).backward().unwrap();
        for k in 0..models {
            let of_model: Vec<Var> = x.iter().map(|x| Var::from_tensor(&x.get(k).unwrap()).unwrap()).collect();
            let alone = (case.one)(&views(&of_model));
            let grads_alone = total(&alone).backward().unwrap();
            for (all, one) in together.iter().zip(&alone) {
                prop_assert_eq!(bits(&all.get(k).unwrap()), bits(one), "{} model {}", case.name, k);
            }
            for (all, one) in vars.iter().zip(&of_model) {
                let all = grads.get(all).unwrap().get(k).unwrap();
                prop_assert_eq!(bits(&all), bits(grads_alone.get(one).unwrap()), "{} model {}", case.name, k);
            }
        }
    }
}

#[test]
fn threads_do_not_show() {
    for case in &CASES {
        check_threads(case.all, &inputs(case, 3, 5, [2, 7, 9]));
    }
}

#[test]
fn models_that_differ_in_number_are_named() {
    let mut x = inputs(&CASES[0], 1, 3, [2, 4, 5]);
    x[1] = x[1].narrow(0, 0, 2).unwrap();
    let text = stacked::gru(&x[0], &x[1], &x[2], &x[3]).unwrap_err().to_string();
    assert_eq!(text, "gru: weight_hh has shape (2, 15, 5), expected (3, _, _)");
    let scalar = Tensor::new(1f32, x[0].device()).unwrap();
    assert!(stacked::affine(&scalar, Layout::TimeFirst, &x[1], None, Layout::TimeFirst).is_err());
}
