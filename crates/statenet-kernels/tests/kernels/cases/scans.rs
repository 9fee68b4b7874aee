//! Recurrences whose state enters linearly.

use candle_core::Tensor;
use statenet_kernels::{
    DplrWeights, Layout, SelectiveScan, adaptation, diagonal_scan, dplr_scan, leaky, plasticity, reference,
    selective_scan, steps,
};

use super::two;
use crate::op_case::{Carried, Draw, Instance, OpCase};

/// Backward passes begin again from a kept state every 16 bins.
const BLOCKS: &[usize] = &[15, 16, 17, 32, 50];

pub(crate) const CASES: [OpCase; 6] = [
    OpCase { name: "leaky", kind: "", draw: draw_leaky, blocks: &[17, 129], without: &[] },
    OpCase { name: "adaptation", kind: "", draw: draw_adaptation, blocks: &[17, 129], without: &[] },
    OpCase { name: "plasticity", kind: "", draw: draw_plasticity, blocks: &[17, 129], without: &[] },
    OpCase { name: "diagonal_scan", kind: "", draw: draw_diagonal, blocks: BLOCKS, without: &[] },
    OpCase { name: "dplr_scan", kind: "", draw: draw_dplr, blocks: BLOCKS, without: &[] },
    OpCase { name: "selective_scan", kind: "", draw: draw_selective, blocks: BLOCKS, without: &[] },
];

/// x (B, C, T) or (B, T, C), its layout, the axis of time, and (B, C).
fn channels(d: &mut Draw) -> (Tensor, Layout, usize, [usize; 2]) {
    let layout = d.one_of(&[Layout::ChannelsFirst, Layout::TimeFirst]);
    let (batch, channels, time) = (d.batch(4), d.size(1, 20, 33), d.time(20));
    let (a, b, c) = layout.shape(batch, channels, time);
    let axis = if layout == Layout::TimeFirst { 1 } else { 2 };
    (d.signed(&[a, b, c]), layout, axis, [batch, channels])
}

fn draw_leaky(d: &mut Draw) -> Instance {
    let (x, layout, axis, [batch, channels]) = channels(d);
    let (decay, gain) = (d.tensor(&[channels], -0.2, 1.0), d.signed(&[channels]));
    Instance::new([("x", x), ("decay", decay), ("gain", gain), ("z0", d.signed(&[batch, channels]))])
        .of_stimuli(&[0, 3])
        .timed(&[(0, axis)], axis)
        .carried(Carried::States)
        .fused(move |x| leaky(&x[0], layout, &x[1], &x[2], &x[3]).map(two))
        .plain(move |x| reference::leaky(&x[0], layout, &x[1], &x[2], &x[3]).map(two))
        .step(|x| steps::Leaky::new(&x[1], &x[2]))
}

fn draw_adaptation(d: &mut Draw) -> Instance {
    let (x, layout, axis, [batch, channels]) = channels(d);
    let decay = d.tensor(&[channels], -0.2, 1.0);
    Instance::new([("x", x), ("decay", decay), ("e0", d.signed(&[batch, channels]))])
        .of_stimuli(&[0, 2])
        .timed(&[(0, axis)], axis)
        .carried(Carried::States)
        .fused(move |x| adaptation(&x[0], layout, &x[1], &x[2]).map(two))
        .plain(move |x| reference::adaptation(&x[0], layout, &x[1], &x[2]).map(two))
        .step(|x| steps::Adaptation::new(&x[1]))
}

fn draw_plasticity(d: &mut Draw) -> Instance {
    let (batch, channels, time) = (d.batch(4), d.size(1, 20, 33), d.time(20));
    let shape = [batch, channels, time];
    let (gain, loss) = (d.tensor(&shape, 0.0, 1.0), d.tensor(&shape, 0.0, 3.0));
    let (rate, z0) = (d.tensor(&[channels], 0.02, 1.0), d.tensor(&[batch, channels], 0.1, 2.0));
    Instance::new([("gain", gain), ("loss", loss), ("rate", rate), ("z0", z0)])
        .of_stimuli(&[0, 1, 3])
        .timed(&[(0, 2), (1, 2)], 2)
        .carried(Carried::States)
        .fused(|x| plasticity(&x[0], &x[1], &x[2], &x[3]).map(two))
        .plain(|x| reference::plasticity(&x[0], &x[1], &x[2], &x[3]).map(two))
        .step(|x| steps::Plasticity::new(&x[2]))
}

fn draw_diagonal(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(4), d.time(9));
    let (channels, pairs) = (d.size(1, 20, 35), d.size(1, 9, 7));
    let weight = [channels, pairs, 2];
    let (u, a) = (d.signed(&[batch, time, channels]), d.tensor(&weight, -0.6, 0.6));
    let (b, c) = (d.signed(&weight), d.signed(&weight));
    let s0 = d.signed(&[batch, channels, pairs, 2]);
    Instance::new([("u", u), ("a", a), ("b", b), ("c", c), ("s0", s0)])
        .of_stimuli(&[0, 4])
        .timed(&[(0, 1)], 1)
        .carried(Carried::States)
        .fused(|x| diagonal_scan(&x[0], &x[1], &x[2], &x[3], &x[4]).map(two))
        .plain(|x| reference::diagonal_scan(&x[0], &x[1], &x[2], &x[3], &x[4]).map(two))
        .step(|x| steps::DiagonalScan::new(&x[1], &x[2], &x[3]))
}

fn draw_dplr(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(4), d.time(9));
    let (channels, pairs) = (d.size(1, 20, 35), d.size(1, 9, 7));
    let weight = [channels, pairs, 2];
    let scale = 0.3 / (pairs as f64).sqrt();
    let (u, diagonal) = (d.signed(&[batch, time, channels]), d.tensor(&weight, -0.6, 0.6));
    let [left, right] = [(); 2].map(|()| (d.signed(&weight) * scale).unwrap());
    let (b, c) = (d.signed(&weight), d.signed(&weight));
    let s0 = d.signed(&[batch, channels, pairs, 2]);
    let weights = [("diagonal", diagonal), ("left", left), ("right", right), ("b", b), ("c", c)];
    let [diagonal, left, right, b, c] = weights;
    Instance::new([("u", u), diagonal, left, right, b, c, ("s0", s0)])
        .of_stimuli(&[0, 6])
        .timed(&[(0, 1)], 1)
        .carried(Carried::States)
        .fused(|x| dplr_scan(&x[0], of_dplr(x), &x[6]).map(two))
        .plain(|x| reference::dplr_scan(&x[0], of_dplr(x), &x[6]).map(two))
        .step(|x| steps::DplrScan::new(of_dplr(x)))
}

fn of_dplr(x: &[Tensor]) -> DplrWeights<'_> {
    DplrWeights { diagonal: &x[1], left: &x[2], right: &x[3], b: &x[4], c: &x[5] }
}

fn draw_selective(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(4), d.time(9));
    let (channels, states) = (d.size(1, 20, 35), d.size(1, 20, 16));
    let (x, delta) = (d.signed(&[batch, time, channels]), d.tensor(&[batch, time, channels], 0.02, 1.0));
    let a = d.tensor(&[channels, states], -2.0, -0.1);
    let (b, c) = (d.signed(&[batch, time, states]), d.signed(&[batch, time, states]));
    let (skip, h0) = (d.signed(&[channels]), d.signed(&[batch, channels, states]));
    Instance::new([("x", x), ("delta", delta), ("a", a), ("b", b), ("c", c), ("d", skip), ("h0", h0)])
        .of_stimuli(&[0, 1, 3, 4, 6])
        .timed(&[(0, 1), (1, 1), (3, 1), (4, 1)], 1)
        .carried(Carried::States)
        .fused(|x| selective_scan(of_selective(x)).map(two))
        .plain(|x| reference::selective_scan(of_selective(x)).map(two))
        .step(|x| steps::SelectiveScan::new(&x[2], &x[5]))
}

fn of_selective(x: &[Tensor]) -> SelectiveScan<'_> {
    SelectiveScan { x: &x[0], delta: &x[1], a: &x[2], b: &x[3], c: &x[4], d: &x[5], h0: &x[6] }
}
