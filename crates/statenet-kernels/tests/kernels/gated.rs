//! Gated recurrences by hand, at every size of their loops, and their messages.

use candle_core::{DType, Device, Tensor};
use statenet_kernels::{
    Error, GatedCell, GatedWeights, Layout, Result, Step, gated_layer, gated_layer_last, gated_recurrence,
    reference, steps,
};

use crate::harness::*;

type Recurrence = fn(GatedCell, &Tensor, &Tensor, &Tensor, &[Tensor]) -> Result<(Tensor, Vec<Tensor>)>;

fn several((states, last): (Tensor, Vec<Tensor>)) -> Vec<Tensor> {
    std::iter::once(states).chain(last).collect()
}

/// A recurrence of gates, weight, bias and first states.
fn of(recurrence: Recurrence, cell: GatedCell) -> impl Fn(&[Tensor]) -> Vec<Tensor> {
    move |x| recurrence(cell, &x[0], &x[1], &x[2], &x[3..]).map(several).unwrap()
}

fn inputs(cell: GatedCell, seed: u64, [batch, time, hidden]: [usize; 3]) -> Vec<Tensor> {
    let mut n = Numbers(seed);
    let (rows, scale) = (cell.n_gates() * hidden, 2.0 / (hidden as f64).sqrt());
    let mut inputs = vec![
        n.tensor(&[batch, time, rows], -2.0, 2.0),
        (n.signed(&[rows, hidden]) * scale).unwrap(),
        n.signed(&[rows]),
    ];
    inputs.extend(cell.carried().iter().map(|_| n.signed(&[batch, hidden])));
    inputs
}

/// One unit, one bin: the gates' input part, weights, biases, h0 and c0; what is carried on.
fn one_bin<const G: usize>(
    cell: GatedCell,
    gates: [f64; G],
    weight: [f64; G],
    bias: [f64; G],
    first: &[f64],
) -> Vec<f64> {
    let tensor = |x: &[f64], shape: &[usize]| Tensor::from_slice(x, shape, &Device::Cpu).unwrap();
    let first: Vec<Tensor> = first.iter().map(|x| tensor(&[*x], &[1, 1])).collect();
    let (gates, weight, bias) = (tensor(&gates, &[1, 1, G]), tensor(&weight, &[G, 1]), tensor(&bias, &[G]));
    let (states, last) = gated_recurrence(cell, &gates, &weight, &bias, &first).unwrap();
    assert_eq!(numbers(&states), numbers(&last[0]), "the state is the output");
    last.iter().flat_map(numbers).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[track_caller]
fn assert_close(got: &[f64], expected: &[f64]) {
    assert!(
        got.len() == expected.len() && got.iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-15),
        "{got:?}, expected {expected:?}"
    );
}

/// H = 1, T = 3, by hand: with all weights 0 and gates u = (0, ln 3, tanh^-1 1/2), z = 3/4 and n = 1/2, so
/// h goes from 1 towards 1/2 in steps of a quarter of the way: 7/8, 25/32, 91/128.
#[test]
fn a_gru_without_weights_moves_by_one_minus_z() {
    let gate = [0.0, 3f64.ln(), 0.5f64.atanh()];
    let gates = Tensor::from_vec(gate.repeat(3), (1, 3, 3), &Device::Cpu).unwrap();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F64, &Device::Cpu).unwrap();
    let h0 = Tensor::ones((1, 1), DType::F64, &Device::Cpu).unwrap();
    let (states, last) =
        gated_recurrence(GatedCell::Gru, &gates, &zeros(&[3, 1]), &zeros(&[3]), &[h0]).unwrap();
    assert_close(&numbers(&states), &[7.0 / 8.0, 25.0 / 32.0, 91.0 / 128.0]);
    assert_eq!(numbers(&last[0]), numbers(&states)[2..]);
}

/// All gates at work: r = z = sigmoid(1), q_n = 2 h + 1 = 3.
#[test]
fn the_reset_gate_of_a_gru_multiplies_the_product_with_its_bias() {
    let last = one_bin(GatedCell::Gru, [0.0, 0.0, 0.5], [1.0, 1.0, 2.0], [0.0, 0.0, 1.0], &[1.0]);
    let n = (0.5 + sigmoid(1.0) * 3.0).tanh();
    assert_close(&last, &[n + sigmoid(1.0) * (1.0 - n)]);
}

/// All gates at work: i = sigmoid(1), f = sigmoid(2), g = tanh(3), o = sigmoid(4).
#[test]
fn one_bin_of_an_lstm_by_hand() {
    let last = one_bin(
        GatedCell::Lstm,
        [0.0, 0.0, 1.0, 1.0],
        [1.0, 2.0, 2.0, 2.0],
        [0.0, 0.0, 0.0, 1.0],
        &[1.0, 0.5],
    );
    let c = sigmoid(2.0) * 0.5 + sigmoid(1.0) * 3f64.tanh();
    assert_close(&last, &[sigmoid(4.0) * c.tanh(), c]);
}

/// All gates at work: i = sigmoid(1), f = sigmoid(2), z = sigmoid(3), o = sigmoid(4).
#[test]
fn one_bin_of_a_sublstm_by_hand() {
    let last = one_bin(
        GatedCell::SubLstm,
        [0.0, 0.0, 1.0, 1.0],
        [1.0, 2.0, 2.0, 2.0],
        [0.0, 0.0, 0.0, 1.0],
        &[1.0, 0.5],
    );
    let c = sigmoid(2.0) * 0.5 + sigmoid(3.0) - sigmoid(1.0);
    assert_close(&last, &[sigmoid(c) - sigmoid(4.0), c]);
}

/// Two bins: tanh(0.5 + 2 h + 0.25).
#[test]
fn two_bins_of_an_elman_network_by_hand() {
    let first = (0.5 - 2.0 + 0.25f64).tanh();
    assert_close(&one_bin(GatedCell::Elman, [0.5], [2.0], [0.25], &[-1.0]), &[first]);
    let second = (0.5 + 2.0 * first + 0.25).tanh();
    assert_close(&one_bin(GatedCell::Elman, [0.5], [2.0], [0.25], &[first]), &[second]);
}

#[test]
fn every_size_of_group_and_width_of_panel_is_right() {
    for cell in GatedCell::ALL {
        let (fused, plain) = (of(gated_recurrence, cell), of(reference::gated_recurrence, cell));
        for hidden in [1, 3, 8, 32, 33, 40, 70, 96, 97, 128] {
            check(&fused, &plain, &inputs(cell, hidden as u64, [1, 3, hidden]), Memory::Contiguous);
        }
        for batch in 1..14 {
            check(&fused, &plain, &inputs(cell, batch as u64, [batch, 4, 11]), Memory::Contiguous);
        }
    }
}

/// The last state alone is that of all states, and so are its gradients.
#[test]
fn the_last_state_alone_is_that_of_all() {
    for (cell, batch) in GatedCell::ALL.into_iter().zip([1, 9, 5, 4]) {
        for layout in [Layout::ChannelsFirst, Layout::TimeFirst] {
            let (n_inputs, hidden, time) = (4, 6, 70);
            let rows = cell.n_gates() * hidden;
            let mut n = Numbers(11);
            let (a, b, c) = layout.shape(batch, n_inputs, time);
            let mut x = vec![n.signed(&[a, b, c]), n.signed(&[rows, n_inputs]), n.signed(&[rows, hidden])];
            x.extend([n.signed(&[rows]), n.signed(&[rows])]);
            x.extend(cell.carried().iter().map(|_| n.signed(&[batch, hidden])));
            let weights = |x: &[Tensor]| {
                let [_, weight_ih, weight_hh, bias_ih, bias_hh] = [0, 1, 2, 3, 4].map(|i| x[i].clone());
                (weight_ih, weight_hh, bias_ih, bias_hh)
            };
            let with = |x: &[Tensor], last: bool| {
                let (weight_ih, weight_hh, bias_ih, bias_hh) = &weights(x);
                let weights = GatedWeights { weight_ih, weight_hh, bias_ih, bias_hh };
                if last {
                    gated_layer_last(cell, &x[0], layout, &weights, &x[5..]).unwrap()
                } else {
                    gated_layer(cell, &x[0], layout, &weights, &x[5..]).unwrap().1
                }
            };
            check(|x| with(x, true), |x| with(x, false), &x, Memory::Contiguous);
        }
    }
}

#[test]
fn wrong_arguments_are_named() {
    for cell in GatedCell::ALL {
        let x = inputs(cell, 4, [2, 3, 4]);
        let error = |x: &[Tensor]| gated_recurrence(cell, &x[0], &x[1], &x[2], &x[3..]).unwrap_err();
        for (i, name) in ["gates", "weight_hh", "bias_hh", "h0", "c0"].into_iter().enumerate().take(x.len()) {
            let mut wrong = x.clone();
            let last = wrong[i].rank() - 1;
            let long = Tensor::cat(&[&x[i], &x[i]], last).unwrap();
            wrong[i] = if name == "h0" { long.unsqueeze(0).unwrap() } else { long };
            let text = error(&wrong).to_string();
            assert!(text.starts_with(&format!("{}: {name} has shape", cell.name())), "{text}");
            let mut wrong = x.clone();
            wrong[i] = wrong[i].to_dtype(DType::F32).unwrap();
            let text = error(&wrong).to_string();
            assert!(text.contains("has dtype"), "{text}");
        }
        let few = error(&x[..3]);
        assert!(matches!(few, Error::Range { got: 0.0, .. }), "{few}");
        let expected = if cell.carried().len() == 2 { "2: h0 and c0" } else { "1: h0" };
        let text = format!("{}: number of first states is 0, expected {expected}", cell.name());
        assert_eq!(few.to_string(), text);

        let single = |x: &Tensor| x.to_dtype(DType::F32).unwrap();
        let mut step = steps::GatedRecurrence::new(cell, &single(&x[1]), &single(&x[2])).unwrap();
        let text = step.step(&[0.0], &mut [0.0; 8], &mut [0.0; 4]).unwrap_err().to_string();
        let expected = format!("{}: input has shape (1), expected ({})", cell.name(), 4 * cell.n_gates());
        assert_eq!(text, expected);
    }
}

#[test]
fn an_input_that_does_not_fit_its_weights_is_named() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F64, &Device::Cpu).unwrap();
    let (weight_ih, weight_hh, bias) = (zeros(&[15, 2]), zeros(&[15, 5]), zeros(&[15]));
    let weights =
        GatedWeights { weight_ih: &weight_ih, weight_hh: &weight_hh, bias_ih: &bias, bias_hh: &bias };
    let (x, h0) = (zeros(&[2, 3, 4]), zeros(&[2, 5]));
    let error = gated_layer(GatedCell::Gru, &x, Layout::ChannelsFirst, &weights, &[h0]).unwrap_err();
    assert_eq!(error.to_string(), "gru: x has shape (2, 3, 4), expected (2, 2, _)");
}
