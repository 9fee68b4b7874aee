//! Causal filters over time and frequency.

use statenet_kernels::{
    NormThen, Then, band_convolution, causal_conv2d, causal_strf, depthwise_conv1d, local_encoder,
    locally_connected, normed_conv2d, reference, steps,
};

use super::one;
use crate::op_case::{Carried, Draw, Extent, Instance, Law, OpCase};

pub(crate) const CASES: [OpCase; 7] = [
    OpCase { name: "depthwise_conv1d", kind: "", draw: draw_short, blocks: &[17, 129], without: &[] },
    OpCase { name: "causal_strf", kind: "", draw: draw_strf, blocks: &[17, 129], without: &[] },
    OpCase {
        name: "causal_conv2d",
        kind: "",
        draw: draw_conv2d,
        // Blocks have 256 bins, those of the weight's gradient 512.
        blocks: &[255, 256, 257, 513, 530],
        without: &[],
    },
    OpCase {
        name: "normed_conv2d",
        kind: "",
        draw: draw_normed,
        blocks: &[255, 256, 257, 513, 530],
        without: &[(Law::Steps, "is steps::CausalConv2d, then steps::ChannelNorm")],
    },
    OpCase { name: "locally_connected", kind: "", draw: draw_local, blocks: &[17, 129], without: &[] },
    OpCase { name: "band_convolution", kind: "", draw: draw_bands, blocks: &[17, 129], without: &[] },
    OpCase {
        name: "local_encoder",
        kind: "",
        draw: draw_encoder,
        // Blocks have 128 bins, in pairs of vectors.
        blocks: &[112, 127, 128, 129, 257],
        without: &[],
    },
];

/// Bins before the first as the last input, where there are any.
fn with_context(d: &mut Draw, instance: Instance, shape: &[usize], axis: usize) -> Instance {
    let (given, bins, at) = (d.given(), shape[axis], instance.x.len());
    if bins == 0 {
        return instance;
    }
    let mut instance = instance.carried(Carried::Context { at, bins });
    if given {
        let mut of_stimuli = instance.of_stimuli.clone();
        of_stimuli.push(at);
        instance = instance.with("context", d.signed(shape)).of_stimuli(&of_stimuli);
    }
    instance
}

fn draw_short(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(7), d.time(9));
    let (channels, taps) = (d.size(1, 20, 17), d.size(1, 6, 4));
    let (x, weight) = (d.signed(&[batch, time, channels]), d.signed(&[channels, taps]));
    let instance = Instance::new([("x", x), ("weight", weight), ("bias", d.signed(&[channels]))]);
    with_context(d, instance, &[batch, taps - 1, channels], 1)
        .timed(&[(0, 1)], 1)
        .fused(|x| depthwise_conv1d(&x[0], &x[1], &x[2], x.get(3)).map(one))
        .plain(|x| reference::depthwise_conv1d(&x[0], &x[1], &x[2], x.get(3)).map(one))
        .step(|x| steps::DepthwiseConv1d::new(&x[1], &x[2]))
}

fn draw_strf(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(4), d.time(30));
    // Half are long filters of few bands.
    let [channels, bands, outs, lags] = if d.one_of(&[false, true]) && d.extent == Extent::Drawn {
        [1, d.size(1, 4, 0), d.size(1, 9, 0), d.size(8, 70, 0)]
    } else {
        [d.size(1, 3, 1), d.size(1, 8, 34), d.size(1, 70, 100), d.size(1, 8, 6)]
    };
    let has_bias = d.given();
    let (x, weight) = (d.signed(&[batch, channels, bands, time]), d.signed(&[outs, channels, bands, lags]));
    let mut instance = Instance::new([("x", x), ("weight", weight)]);
    if has_bias {
        instance = instance.with("bias", d.signed(&[outs]));
    }
    let context = if has_bias { 3 } else { 2 };
    with_context(d, instance, &[batch, channels, bands, lags - 1], 3)
        .timed(&[(0, 3)], 2)
        .fused(move |x| causal_strf(&x[0], &x[1], x[..context].get(2), x.get(context)).map(one))
        .plain(move |x| reference::causal_strf(&x[0], &x[1], x[..context].get(2), x.get(context)).map(one))
        .step(move |x| steps::CausalStrf::new(&x[1], x[..context].get(2)))
}

/// Without rectifiers: a difference across a kink is no gradient; normed_conv2d.rs has them.
fn draw_normed(d: &mut Draw) -> Instance {
    // A variance near zero amplifies rounding, in the plain form as well.
    const EPS: f64 = 0.1;
    type Form = fn(
        &candle_core::Tensor,
        &candle_core::Tensor,
        &candle_core::Tensor,
        Option<&candle_core::Tensor>,
        NormThen<'_>,
    ) -> statenet_kernels::Result<candle_core::Tensor>;
    let (batch, time) = (d.batch(4), d.time(40));
    let (ins, rows, outs) = (d.size(1, 4, 2), d.size(1, 5, 4), d.size(1, 14, 7));
    let (width, lags) = (d.size(1, 5, 3), d.size(1, 8, 6));
    let then = d.one_of(&[Then::Identity, Then::Sigmoid, Then::Tanh]);
    let bands = rows + width - 1;
    let run = move |form: Form, x: &[candle_core::Tensor]| {
        let norm = NormThen { gain: &x[3], bias: &x[4], eps: EPS, then };
        form(&x[0], &x[1], &x[2], x.get(5), norm).map(one)
    };
    let instance = Instance::new([
        ("x", d.signed(&[batch, ins, bands, time])),
        ("weight", d.signed(&[outs, ins, width, lags])),
        ("bias", d.signed(&[outs])),
        ("norm's gain", d.signed(&[outs])),
        ("norm's bias", d.signed(&[outs])),
    ]);
    with_context(d, instance, &[batch, ins, bands, lags - 1], 3)
        .timed(&[(0, 3)], 3)
        .fused(move |x| run(normed_conv2d, x))
        .plain(move |x| run(reference::normed_conv2d, x))
}

fn draw_conv2d(d: &mut Draw) -> Instance {
    let (batch, time) = (d.batch(4), d.time(40));
    let (ins, rows, outs) = (d.size(1, 4, 2), d.size(1, 40, 5), d.size(1, 14, 7));
    let (width, lags) = (d.size(1, 5, 3), d.size(1, 8, 6));
    // Many rows of few filters, or few rows of many.
    let rows = if outs > 4 { rows.min(4) } else { rows };
    let bands = rows + width - 1;
    let (x, weight) = (d.signed(&[batch, ins, bands, time]), d.signed(&[outs, ins, width, lags]));
    let instance = Instance::new([("x", x), ("weight", weight), ("bias", d.signed(&[outs]))]);
    with_context(d, instance, &[batch, ins, bands, lags - 1], 3)
        .timed(&[(0, 3)], 3)
        .fused(|x| causal_conv2d(&x[0], &x[1], &x[2], x.get(3)).map(one))
        .plain(|x| reference::causal_conv2d(&x[0], &x[1], &x[2], x.get(3)).map(one))
        .step(move |x| steps::CausalConv2d::new(&x[1], &x[2], bands))
}

/// The sizes of filters along frequency.
struct AlongFrequency {
    batch: usize,
    ins: usize,
    bands: usize,
    time: usize,
    channels: usize,
    width: usize,
    positions: usize,
    stride: usize,
}

fn along_frequency(d: &mut Draw) -> AlongFrequency {
    let (batch, ins, time) = (d.batch(4), d.size(1, 3, 2), d.time(50));
    let (channels, width) = (d.size(1, 20, 7), d.size(1, 6, 7));
    let (positions, stride) = (d.size(1, 12, 10), d.size(1, 4, 3));
    // Bands that no filter reaches.
    let spare = d.size(0, 4, 1).min(stride - 1);
    let bands = width + (positions - 1) * stride + spare;
    AlongFrequency { batch, ins, bands, time, channels, width, positions, stride }
}

fn draw_local(d: &mut Draw) -> Instance {
    let AlongFrequency { batch, ins, bands, time, channels, width, positions, stride } = along_frequency(d);
    let (x, weights) = (d.signed(&[batch, ins, bands, time]), d.signed(&[channels, ins * width, positions]));
    Instance::new([("x", x), ("weights", weights), ("biases", d.signed(&[channels, positions]))])
        .timed(&[(0, 3)], 3)
        .fused(move |x| locally_connected(&x[0], &x[1], &x[2], stride).map(one))
        .plain(move |x| reference::locally_connected(&x[0], &x[1], &x[2], stride).map(one))
        .step(move |x| steps::LocallyConnected::new(&x[1], &x[2], [ins, bands], stride))
}

fn draw_bands(d: &mut Draw) -> Instance {
    let AlongFrequency { batch, ins, bands, time, channels, width, stride, .. } = along_frequency(d);
    let (x, weight) = (d.signed(&[batch, ins, bands, time]), d.signed(&[channels, ins, width]));
    Instance::new([("x", x), ("weight", weight), ("bias", d.signed(&[channels]))])
        .timed(&[(0, 3)], 3)
        .fused(move |x| band_convolution(&x[0], &x[1], &x[2], stride).map(one))
        .plain(move |x| reference::band_convolution(&x[0], &x[1], &x[2], stride).map(one))
        .step(move |x| steps::BandConvolution::new(&x[1], &x[2], bands, stride))
}

/// A variance near zero amplifies rounding, in the reference as well: a large eps keeps the comparison fair.
const EPS: f64 = 0.1;

fn draw_encoder(d: &mut Draw) -> Instance {
    let AlongFrequency { batch, ins, bands, time, channels, width, positions, stride } = along_frequency(d);
    let (x, weights) = (d.signed(&[batch, ins, bands, time]), d.signed(&[channels, ins * width, positions]));
    let biases = d.signed(&[channels, positions]);
    let (gain, bias) = (d.signed(&[channels]), d.signed(&[channels]));
    Instance::new([("x", x), ("weights", weights), ("biases", biases), ("gain", gain), ("bias", bias)])
        .timed(&[(0, 3)], 3)
        .fused(move |x| local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, EPS).map(one))
        .plain(move |x| reference::local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, EPS).map(one))
        .step(move |x| steps::LocalEncoder::new((ins, bands), &x[1], &x[2], &x[3], &x[4], stride, EPS))
}
