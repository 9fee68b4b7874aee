//! Recurrent layers.

use candle_core::Tensor;
use statenet_kernels::{
    GatedCell, GatedWeights, Layout, LmuWeights, gated_layer, gated_layer_last, gated_recurrence, lmu,
    reference, steps,
};

use super::{NO_TIME, like, several, single};
use crate::op_case::{Carried, Draw, Instance, Law, OpCase};

/// Weights' gradients are gathered in blocks of 128 bins of all stimuli of a group.
const BLOCKS: &[usize] = &[127, 128, 129, 150, 257];

const NO_LAYER_STEP: &str = "is steps::Affine, then steps::GatedRecurrence; steps.rs runs the two in a row";

/// The three operations of one cell.
const fn gated(
    kind: &'static str,
    recurrence: fn(&mut Draw) -> Instance,
    layer: fn(&mut Draw) -> Instance,
    last: fn(&mut Draw) -> Instance,
) -> [OpCase; 3] {
    [
        OpCase { name: "gated_recurrence", kind, draw: recurrence, blocks: BLOCKS, without: &[] },
        OpCase {
            name: "gated_layer",
            kind,
            draw: layer,
            blocks: BLOCKS,
            without: &[(Law::Steps, NO_LAYER_STEP)],
        },
        OpCase {
            name: "gated_layer_last",
            kind,
            draw: last,
            blocks: BLOCKS,
            without: &[(Law::Causal, NO_TIME), (Law::Chunks, NO_TIME), (Law::Steps, NO_TIME)],
        },
    ]
}

const GRU: [OpCase; 3] = gated(
    "gru",
    |d| recurrence(GatedCell::Gru, d),
    |d| layer(GatedCell::Gru, d),
    |d| last(GatedCell::Gru, d),
);
const LSTM: [OpCase; 3] = gated(
    "lstm",
    |d| recurrence(GatedCell::Lstm, d),
    |d| layer(GatedCell::Lstm, d),
    |d| last(GatedCell::Lstm, d),
);
const SUB_LSTM: [OpCase; 3] = gated(
    "sublstm",
    |d| recurrence(GatedCell::SubLstm, d),
    |d| layer(GatedCell::SubLstm, d),
    |d| last(GatedCell::SubLstm, d),
);
const ELMAN: [OpCase; 3] = gated(
    "elman",
    |d| recurrence(GatedCell::Elman, d),
    |d| layer(GatedCell::Elman, d),
    |d| last(GatedCell::Elman, d),
);
const LMU: OpCase = OpCase { name: "lmu", kind: "", draw: draw_lmu, blocks: BLOCKS, without: &[] };

pub(crate) const CASES: [OpCase; 13] = {
    let ([a, b, c], [d, e, f], [g, h, i], [j, k, l]) = (GRU, LSTM, SUB_LSTM, ELMAN);
    [a, d, g, j, b, e, h, k, c, f, i, l, LMU]
};

/// Scaled so that a product of `size` numbers keeps their magnitude.
fn scaled(d: &mut Draw, shape: &[usize], size: usize, scale: f64) -> Tensor {
    (d.signed(shape) * (scale / (size as f64).sqrt())).unwrap()
}

/// The first states of a cell behind the other inputs.
fn with_first(
    cell: GatedCell,
    d: &mut Draw,
    mut instance: Instance,
    [batch, hidden]: [usize; 2],
) -> Instance {
    let mut of_stimuli = vec![0];
    for name in ["h0", "c0"].into_iter().take(cell.carried().len()) {
        of_stimuli.push(instance.x.len());
        instance = instance.with(name, d.signed(&[batch, hidden]));
    }
    instance.of_stimuli(&of_stimuli).carried(Carried::States)
}

fn recurrence(cell: GatedCell, d: &mut Draw) -> Instance {
    let (batch, time, hidden) = (d.batch(9), d.time(9), d.size(1, 28, 35));
    let rows = cell.n_gates() * hidden;
    let gates = d.tensor(&[batch, time, rows], -2.0, 2.0);
    let weight_hh = scaled(d, &[rows, hidden], hidden, 2.0);
    let instance =
        Instance::new([("gates", gates), ("weight_hh", weight_hh), ("bias_hh", d.signed(&[rows]))]);
    with_first(cell, d, instance, [batch, hidden])
        .timed(&[(0, 1)], 1)
        .fused(move |x| gated_recurrence(cell, &x[0], &x[1], &x[2], &x[3..]).map(several))
        .plain(move |x| reference::gated_recurrence(cell, &x[0], &x[1], &x[2], &x[3..]).map(several))
        .step(move |x| steps::GatedRecurrence::new(cell, &x[1], &x[2]))
        .step_tolerance(1e-6)
}

fn weights(x: &[Tensor]) -> GatedWeights<'_> {
    GatedWeights { weight_ih: &x[1], weight_hh: &x[2], bias_ih: &x[3], bias_hh: &x[4] }
}

fn of_layer(cell: GatedCell, d: &mut Draw) -> (Instance, Layout) {
    let layout = d.one_of(&[Layout::ChannelsFirst, Layout::TimeFirst]);
    let (batch, time, inputs, hidden) = (d.batch(9), d.time(9), d.size(1, 20, 9), d.size(1, 20, 21));
    let rows = cell.n_gates() * hidden;
    let (a, b, c) = layout.shape(batch, inputs, time);
    let x = d.signed(&[a, b, c]);
    let (weight_ih, weight_hh) =
        (scaled(d, &[rows, inputs], inputs, 2.0), scaled(d, &[rows, hidden], hidden, 2.0));
    let (bias_ih, bias_hh) = (d.signed(&[rows]), d.signed(&[rows]));
    let instance = Instance::new([
        ("x", x),
        ("weight_ih", weight_ih),
        ("weight_hh", weight_hh),
        ("bias_ih", bias_ih),
        ("bias_hh", bias_hh),
    ]);
    let axis = if layout == Layout::TimeFirst { 1 } else { 2 };
    (with_first(cell, d, instance, [batch, hidden]).timed(&[(0, axis)], 1), layout)
}

fn layer(cell: GatedCell, d: &mut Draw) -> Instance {
    let (instance, layout) = of_layer(cell, d);
    instance
        .fused(move |x| gated_layer(cell, &x[0], layout, &weights(x), &x[5..]).map(several))
        .plain(move |x| reference::gated_layer(cell, &x[0], layout, &weights(x), &x[5..]).map(several))
}

fn last(cell: GatedCell, d: &mut Draw) -> Instance {
    let (instance, layout) = of_layer(cell, d);
    instance
        .fused(move |x| gated_layer_last(cell, &x[0], layout, &weights(x), &x[5..]))
        .plain(move |x| reference::gated_layer_last(cell, &x[0], layout, &weights(x), &x[5..]))
}

fn draw_lmu(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(6), d.time(9));
    let (hidden, memory) = (d.size(1, 20, 35), d.size(1, 20, 33));
    // A memory that fades.
    let (ad, bd) = (scaled(d, &[memory, memory], memory, 0.8), (d.signed(&[memory]) * 0.5).unwrap());
    let (ad_of_step, bd_of_step) = (single(&ad), single(&bd));
    let inputs = d.signed(&[batch, time, hidden + 1]);
    let (w_h, w_m) = (scaled(d, &[hidden, hidden], hidden, 1.0), scaled(d, &[hidden, memory], memory, 1.0));
    let (e_h, e_m) = (scaled(d, &[hidden], hidden, 1.0), scaled(d, &[memory], memory, 0.3));
    let (h0, m0) = (d.signed(&[batch, hidden]), d.signed(&[batch, memory]));
    let three = |(states, h, m): (Tensor, Tensor, Tensor)| vec![states, h, m];
    let constants = (ad.clone(), bd.clone());
    Instance::new([
        ("inputs", inputs),
        ("w_h", w_h),
        ("w_m", w_m),
        ("e_h", e_h),
        ("e_m", e_m),
        ("h0", h0),
        ("m0", m0),
    ])
    .of_stimuli(&[0, 5, 6])
    .timed(&[(0, 1)], 1)
    .carried(Carried::States)
    .fused(move |x| {
        let (ad, bd) = (like(&ad, &x[0]), like(&bd, &x[0]));
        lmu(&x[0], of_lmu(x, &ad, &bd), &x[5], &x[6]).map(three)
    })
    .plain(move |x| {
        let (ad, bd) = (like(&constants.0, &x[0]), like(&constants.1, &x[0]));
        reference::lmu(&x[0], of_lmu(x, &ad, &bd), &x[5], &x[6]).map(three)
    })
    .step(move |x| steps::Lmu::new(of_lmu(x, &ad_of_step, &bd_of_step)))
}

fn of_lmu<'a>(x: &'a [Tensor], ad: &'a Tensor, bd: &'a Tensor) -> LmuWeights<'a> {
    LmuWeights { w_h: &x[1], w_m: &x[2], e_h: &x[3], e_m: &x[4], ad, bd }
}
