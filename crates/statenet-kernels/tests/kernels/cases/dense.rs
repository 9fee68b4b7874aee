//! Maps of every bin, and attention.

use candle_core::{DType, Tensor};
use statenet_kernels::{
    Layout, SelfAttention, Then, affine, affine_then, causal_attention, causal_attention_dropped,
    causal_self_attention, reference, steps,
};

use super::one;
use crate::{
    laws::LONG,
    op_case::{Carried, Draw, Instance, Law, OpCase},
};

const PLAIN: &str =
    "is plain tensors itself; causal_attention.rs holds it to differences and to the fused operation";

const STREAMED: &str =
    "has no state; a stream is affine and causal_attention, with the keys and values so far";

pub(crate) const CASES: [OpCase; 5] = [
    OpCase { name: "affine", kind: "", draw: draw_affine, blocks: &[17, 129], without: &[] },
    OpCase {
        name: "affine_then",
        kind: "",
        draw: draw_affine_then,
        blocks: &[17, 129],
        without: &[
            (Law::Steps, "is steps::Affine, then a function of every number"),
            (Law::Arguments, "bears the name of affine"),
        ],
    },
    OpCase {
        name: "causal_self_attention",
        kind: "",
        draw: draw_self_attention,
        // Queries are taken in blocks of 32.
        blocks: &[31, 32, 33, 130],
        without: &[(Law::Chunks, STREAMED), (Law::Steps, STREAMED)],
    },
    OpCase {
        name: "causal_attention",
        kind: "",
        draw: draw_attention,
        // Queries are taken in blocks of 32.
        blocks: &[31, 32, 33, 130],
        without: &[],
    },
    OpCase {
        name: "causal_attention_dropped",
        kind: "",
        draw: draw_dropped,
        blocks: &[],
        without: &[
            (Law::Plain, PLAIN),
            (Law::Blocks, PLAIN),
            (Law::Identical, PLAIN),
            (Law::Arguments, "bears the name of causal_attention; causal_attention.rs has its messages"),
            (Law::Threads, "is computed by Candle"),
            (Law::Rows, "is computed by Candle"),
            (Law::Chunks, "pairs are dropped over a whole clip, in training passes"),
            (Law::Steps, "pairs are dropped over a whole clip, in training passes"),
            (Law::Long, "needs the matrix of all pairs of bins"),
        ],
    },
];

/// x, weight and at times bias of an affine map, and the layouts of x and of the result.
fn affine_arguments(d: &mut Draw, end: usize, wide: usize) -> (Instance, Layout, Layout) {
    let (batch, ins, outs, time) = (d.batch(4), d.size(1, 20, 33), d.size(1, end, wide), d.time(40));
    let layouts = [Layout::ChannelsFirst, Layout::TimeFirst];
    let (from, to, has_bias) = (d.one_of(&layouts), d.one_of(&layouts), d.given());
    let axis = |layout| if layout == Layout::TimeFirst { 1 } else { 2 };
    let (a, b, c) = from.shape(batch, ins, time);
    let mut instance = Instance::new([("x", d.signed(&[a, b, c])), ("weight", d.signed(&[outs, ins]))]);
    if has_bias {
        instance = instance.with("bias", d.signed(&[outs]));
    }
    (instance.timed(&[(0, axis(from))], axis(to)), from, to)
}

fn draw_affine(d: &mut Draw) -> Instance {
    let (instance, from, to) = affine_arguments(d, 90, 130);
    instance
        .fused(move |x| affine(&x[0], from, &x[1], x.get(2), to).map(one))
        .plain(move |x| reference::affine(&x[0], from, &x[1], x.get(2), to).map(one))
        .step(|x| steps::Affine::new(&x[1], x.get(2)))
}

/// Without rectifiers: a difference across a kink is no gradient; affine.rs has them.
fn draw_affine_then(d: &mut Draw) -> Instance {
    let then = d.one_of(&[Then::Identity, Then::Sigmoid, Then::Tanh]);
    let (instance, from, to) = affine_arguments(d, 40, 50);
    instance
        .fused(move |x| affine_then(&x[0], from, &x[1], x.get(2), to, then).map(one))
        .plain(move |x| reference::affine_then(&x[0], from, &x[1], x.get(2), to, then).map(one))
}

fn draw_self_attention(d: &mut Draw) -> Instance {
    let (batch, heads, time) = (d.batch(3), d.size(1, 4, 3), d.time(70));
    let (windowed, most, turned) = (d.given(), d.size(1, 80, 20), d.given());
    // Numbers are turned in pairs.
    let depth = if turned { 2 * d.size(1, 4, 3) } else { d.size(1, 6, 5) };
    // A long clip without a window is a matter of T squared.
    let window = if time == LONG { Some(20) } else { windowed.then_some(most) };
    let units = heads * depth;
    let turns = turned.then(|| d.signed(&[time, depth / 2, 2]));
    type Form = fn(&Tensor, SelfAttention<'_>) -> statenet_kernels::Result<Tensor>;
    let run = move |turns: Option<&Tensor>, form: Form, x: &[Tensor]| {
        let [in_weight, in_bias, out_weight, out_bias] = [&x[1], &x[2], &x[3], &x[4]];
        let turns = turns.map(|turns| super::like(turns, &x[0]));
        let turns = turns.as_ref();
        form(&x[0], SelfAttention { in_weight, in_bias, out_weight, out_bias, heads, window, turns }).map(one)
    };
    let plain_turns = turns.clone();
    Instance::new([
        ("x", d.signed(&[batch, units, time])),
        ("in_weight", d.signed(&[3 * units, units])),
        ("in_bias", d.signed(&[3 * units])),
        ("out_weight", d.signed(&[units, units])),
        ("out_bias", d.signed(&[units])),
    ])
    .timed(&[(0, 2)], 2)
    .fused(move |x| run(turns.as_ref(), causal_self_attention, x))
    .plain(move |x| run(plain_turns.as_ref(), reference::causal_self_attention, x))
}

const SCALE: f64 = 0.4;

fn draw_attention(d: &mut Draw) -> Instance {
    let (batch, heads, time) = (d.batch(3), d.size(1, 4, 4), d.time(70));
    let (depth, windowed, most) = (d.size(1, 20, 7), d.given(), d.size(1, 80, 20));
    // A long clip without a window is a matter of T squared.
    let window = if time == LONG { Some(20) } else { windowed.then_some(most) };
    let shape = [batch, heads, time, depth];
    let (q, k) = (d.tensor(&shape, -2.0, 2.0), d.tensor(&shape, -2.0, 2.0));
    Instance::new([("q", q), ("k", k), ("v", d.signed(&shape))])
        .of_stimuli(&[0, 1, 2])
        .timed(&[(0, 2), (1, 2), (2, 2)], 2)
        .carried(Carried::Earlier)
        .fused(move |x| causal_attention(&x[0], &x[1], &x[2], SCALE, window).map(one))
        .plain(move |x| reference::causal_attention(&x[0], &x[1], &x[2], SCALE, window).map(one))
        .step(move |_| steps::CausalAttention::new(heads, depth, SCALE, window.unwrap_or(time)))
}

fn draw_dropped(d: &mut Draw) -> Instance {
    let (batch, heads, time, depth) = (d.batch(3), d.size(1, 4, 4), d.time(40), d.size(1, 20, 7));
    let shape = [batch, heads, time, depth];
    let kept = d.tensor(&[batch, heads, time, time], 0.0, 1.0).gt(0.3).unwrap().to_dtype(DType::F64).unwrap();
    let op = move |x: &[Tensor]| {
        let kept = super::like(&kept, &x[0]);
        causal_attention_dropped(&x[0], &x[1], &x[2], SCALE, Some(9), &kept).map(one)
    };
    let (q, k) = (d.tensor(&shape, -2.0, 2.0), d.tensor(&shape, -2.0, 2.0));
    Instance::new([("q", q), ("k", k), ("v", d.signed(&shape))])
        .of_stimuli(&[0, 1, 2])
        .timed(&[(0, 2), (1, 2), (2, 2)], 2)
        .fused(op.clone())
        .plain(op)
}
