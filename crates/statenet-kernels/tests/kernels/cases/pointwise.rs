//! Operations on single values or on the channels of one bin.

use candle_core::{DType, Tensor};
use statenet_kernels::{
    Result, Then, channel_norm, double_exponential_curve, dropout, exponential_curve, masked_correlation,
    masked_gaussian, masked_mse, masked_negative_binomial, masked_poisson, reference, sigmoid_curve,
    silu_gate, softplus, softplus_curve, steps,
};

use super::{NO_TIME, like, one};
use crate::op_case::{Draw, Instance, Law, OpCase};

const SCALAR: &str = "is one number over all stimuli";
/// Laws that a loss cannot obey.
const OF_A_LOSS: &[(Law, &str)] = &[
    (Law::Rows, SCALAR),
    (Law::Causal, NO_TIME),
    (Law::Chunks, SCALAR),
    (Law::Steps, SCALAR),
    (Law::Arguments, "target and mask, which get no gradient, are named in losses.rs"),
];

pub(crate) const CASES: [OpCase; 13] = [
    OpCase { name: "silu_gate", kind: "", draw: draw_gate, blocks: &[17, 129], without: &[] },
    OpCase { name: "channel_norm", kind: "", draw: draw_norm, blocks: &[17, 129], without: &[] },
    OpCase {
        name: "dropout",
        kind: "",
        draw: draw_dropout,
        blocks: &[17, 129],
        without: &[
            (Law::Chunks, "numbers are dropped over a whole clip, in training passes"),
            (Law::Steps, "numbers are dropped over a whole clip, in training passes"),
            (Law::Arguments, "takes any shape; dropout.rs has what it refuses"),
        ],
    },
    OpCase {
        name: "softplus",
        kind: "",
        draw: draw_softplus,
        blocks: &[17, 129],
        without: &[(Law::Arguments, "takes any shape; softplus.rs has its dtype")],
    },
    // Curves are computed in blocks of 128.
    OpCase { name: "softplus_curve", kind: "", draw: draw_soft, blocks: &[127, 128, 129, 257], without: &[] },
    OpCase {
        name: "sigmoid_curve",
        kind: "",
        draw: draw_sigmoid,
        blocks: &[127, 128, 129, 257],
        without: &[],
    },
    OpCase {
        name: "exponential_curve",
        kind: "",
        draw: draw_exponential,
        blocks: &[127, 128, 129, 257],
        without: &[],
    },
    OpCase {
        name: "double_exponential_curve",
        kind: "",
        draw: draw_double_exponential,
        blocks: &[127, 128, 129, 257],
        without: &[],
    },
    OpCase {
        name: "masked_mse",
        kind: "",
        draw: |d| draw_loss(d, masked_mse, reference::masked_mse),
        blocks: &[17, 129],
        without: OF_A_LOSS,
    },
    OpCase {
        name: "masked_poisson",
        kind: "",
        draw: |d| draw_loss(d, masked_poisson, reference::masked_poisson),
        blocks: &[17, 129],
        without: OF_A_LOSS,
    },
    OpCase {
        name: "masked_correlation",
        kind: "",
        draw: |d| draw_loss(d, masked_correlation, reference::masked_correlation),
        blocks: &[17, 129],
        without: OF_A_LOSS,
    },
    OpCase {
        name: "masked_gaussian",
        kind: "",
        draw: |d| draw_loss_of_two(d, "log_variance", masked_gaussian, reference::masked_gaussian),
        blocks: &[17, 129],
        without: OF_A_LOSS,
    },
    OpCase {
        name: "masked_negative_binomial",
        kind: "",
        draw: |d| {
            let plain = reference::masked_negative_binomial;
            draw_loss_of_two(d, "log_dispersion", masked_negative_binomial, plain)
        },
        blocks: &[17, 129],
        without: OF_A_LOSS,
    },
];

fn draw_gate(d: &mut Draw) -> Instance {
    // Wide enough for several stretches of 16,384 numbers.
    let shape = [d.batch(6), d.size(1, 20, 300), d.time(20)];
    let (x, z) = (d.signed(&shape), d.tensor(&shape, -8.0, 8.0));
    Instance::new([("x", x), ("z", z)])
        .of_stimuli(&[0, 1])
        .timed(&[(0, 2), (1, 2)], 2)
        .fused(|x| silu_gate(&x[0], &x[1]).map(one))
        .plain(|x| reference::silu_gate(&x[0], &x[1]).map(one))
        .step(|x| steps::SiluGate::new(x[0].dim(1).unwrap()))
}

/// A variance near zero amplifies rounding, in the reference as well: a large eps keeps the comparison fair.
const EPS: f64 = 0.1;

fn draw_norm(d: &mut Draw) -> Instance {
    let (batch, channels, positions, time) = (d.batch(4), d.size(1, 9, 7), d.size(1, 12, 3), d.time(70));
    let then = d.one_of(&[Then::Identity, Then::Sigmoid, Then::Tanh]);
    let x = d.tensor(&[batch, channels, positions, time], -3.0, 5.0);
    let (gain, bias) = (d.signed(&[channels]), d.signed(&[channels]));
    Instance::new([("x", x), ("gain", gain), ("bias", bias)])
        .timed(&[(0, 3)], 3)
        .fused(move |x| channel_norm(&x[0], &x[1], &x[2], EPS, then).map(one))
        .plain(move |x| reference::channel_norm(&x[0], &x[1], &x[2], EPS, then).map(one))
        .step(move |x| steps::ChannelNorm::new(&x[1], &x[2], positions, EPS, then))
}

fn draw_dropout(d: &mut Draw) -> Instance {
    let (batch, channels, time) = (d.batch(6), d.size(1, 20, 33), d.time(20));
    let of_one = d.tensor(&[1, channels, time], -1.0, 1.0).relu().unwrap();
    let kept = move |x: &Tensor| like(&of_one, x).broadcast_as(x.shape()).unwrap();
    let plain_kept = kept.clone();
    Instance::new([("x", d.signed(&[batch, channels, time]))])
        .timed(&[(0, 2)], 2)
        .fused(move |x| dropout(&x[0], &kept(&x[0])).map(one))
        .plain(move |x| reference::dropout(&x[0], &plain_kept(&x[0])).map(one))
}

fn draw_softplus(d: &mut Draw) -> Instance {
    let (batch, channels, time) = (d.batch(7), d.size(1, 20, 33), d.time(20));
    Instance::new([("x", d.tensor(&[batch, channels, time], -8.0, 8.0))])
        .timed(&[(0, 2)], 2)
        .fused(|x| softplus(&x[0]).map(one))
        .plain(|x| reference::softplus(&x[0]).map(one))
        .step(move |_| steps::Softplus::new(channels))
}

/// x (B, N, T) and the parameters of a curve, each away from 0.
fn of_curve<const P: usize>(d: &mut Draw, names: [&'static str; P]) -> Instance {
    let (batch, neurons, time) = (d.batch(4), d.size(1, 30, 3), d.time(80));
    let mut instance = Instance::new([("x", d.tensor(&[batch, neurons, time], -3.0, 3.0))]);
    for name in names {
        instance = instance.with(name, d.tensor(&[neurons], 0.4, 1.6));
    }
    instance.timed(&[(0, 2)], 2)
}

fn draw_soft(d: &mut Draw) -> Instance {
    of_curve(d, ["beta", "offset"])
        .fused(|x| softplus_curve(&x[0], &x[1], &x[2]).map(one))
        .plain(|x| reference::softplus_curve(&x[0], &x[1], &x[2]).map(one))
        .step(|x| steps::OutputCurve::softplus(&x[1], &x[2]))
}

fn draw_sigmoid(d: &mut Draw) -> Instance {
    of_curve(d, ["center", "width", "scale", "offset"])
        .fused(|x| sigmoid_curve(&x[0], &x[1], &x[2], &x[3], &x[4]).map(one))
        .plain(|x| reference::sigmoid_curve(&x[0], &x[1], &x[2], &x[3], &x[4]).map(one))
        .step(|x| steps::OutputCurve::sigmoid(&x[1], &x[2], &x[3], &x[4]))
}

fn draw_exponential(d: &mut Draw) -> Instance {
    let loud = d.given();
    let mut instance = of_curve(d, ["slope", "scale", "offset"]);
    // Some sounds reach the straight part; its height is scaled down, or the differences would drown in rounding.
    if loud {
        instance.x[0] = (&instance.x[0] * 8.0).unwrap();
        instance.x[2] = (&instance.x[2] * 1e-4).unwrap();
    }
    instance
        .fused(|x| exponential_curve(&x[0], &x[1], &x[2], &x[3]).map(one))
        .plain(|x| reference::exponential_curve(&x[0], &x[1], &x[2], &x[3]).map(one))
        .step(|x| steps::OutputCurve::exponential(&x[1], &x[2], &x[3]))
}

fn draw_double_exponential(d: &mut Draw) -> Instance {
    of_curve(d, ["slope", "shift", "scale", "offset"])
        .fused(|x| double_exponential_curve(&x[0], &x[1], &x[2], &x[3], &x[4]).map(one))
        .plain(|x| reference::double_exponential_curve(&x[0], &x[1], &x[2], &x[3], &x[4]).map(one))
        .step(|x| steps::OutputCurve::double_exponential(&x[1], &x[2], &x[3], &x[4]))
}

type Loss = fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>;

/// Rates; and targets and a mask of which about a third is missing, which get no gradient.
fn draw_recorded(d: &mut Draw) -> [Tensor; 3] {
    let shape = [d.batch(4), d.size(1, 5, 3), d.time(60)];
    let mask = d.tensor(&shape, 0.0, 1.5).ge(0.5).unwrap().to_dtype(DType::F64).unwrap();
    [d.tensor(&shape, 0.05, 3.0), d.tensor(&shape, 0.0, 4.0), mask]
}

fn draw_loss(d: &mut Draw, fused: Loss, plain: Loss) -> Instance {
    let [rate, target, mask] = draw_recorded(d);
    let with = move |loss: Loss| {
        let (target, mask) = (target.clone(), mask.clone());
        move |x: &[Tensor]| loss(&x[0], &like(&target, &x[0]), &like(&mask, &x[0])).map(one)
    };
    Instance::new([("rate", rate)]).timed(&[(0, 2)], 2).fused(with(fused)).plain(with(plain))
}

type LossOfTwo = fn(&Tensor, &Tensor, &Tensor, &Tensor) -> Result<Tensor>;

/// The same with a number of each neuron, which gets a gradient.
fn draw_loss_of_two(d: &mut Draw, name: &'static str, fused: LossOfTwo, plain: LossOfTwo) -> Instance {
    let [rate, target, mask] = draw_recorded(d);
    let parameter = d.tensor(&[rate.dim(1).unwrap()], -2.0, 1.5);
    let with = move |loss: LossOfTwo| {
        let (target, mask) = (target.clone(), mask.clone());
        move |x: &[Tensor]| loss(&x[0], &like(&target, &x[0]), &like(&mask, &x[0]), &x[1]).map(one)
    };
    Instance::new([("rate", rate), (name, parameter)])
        .timed(&[(0, 2)], 2)
        .fused(with(fused))
        .plain(with(plain))
}
