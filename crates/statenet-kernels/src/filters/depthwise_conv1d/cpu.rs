//! The filter on slices: channels side by side, bin after bin.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    matrix::packed::groups,
    parallel::{self, take_mut},
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
        uninit::vector,
    },
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x (B, T, C); weight (C, K) and bias (C) packed; context (B, K-1, C) or nothing. Result: (B, T, C). No tape.
pub(crate) struct DepthwiseConv1d {
    pub(crate) sizes: Sizes,
}

impl DepthwiseConv1d {
    /// Weight (C, K) and bias (C).
    const fn packing(&self) -> Packing<2> {
        let Sizes { channels, taps, .. } = self.sizes;
        Packing([channels * taps, channels])
    }

    /// The bins of stimulus b with those before them, (K-1+T, C).
    fn rows<F: Real>(&self, x: &[F], context: &[F], b: usize) -> Vec<F> {
        let Sizes { time, channels, taps, .. } = self.sizes;
        let (before, size) = ((taps - 1) * channels, time * channels);
        let mut rows = Vec::with_capacity(before + size);
        if context.is_empty() {
            rows.resize(before, F::ZERO);
        } else {
            rows.extend_from_slice(&context[b * before..][..before]);
        }
        rows.extend_from_slice(&x[b * size..][..size]);
        rows
    }
}

/// Weights tap by tap, (K, C).
pub(super) fn by_taps<F: Real>(weight: &[F], taps: usize) -> Vec<F> {
    (0..taps).flat_map(|k| weight.iter().skip(k).step_by(taps).copied()).collect()
}

impl Kernel<3> for DepthwiseConv1d {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, time, channels, .. } = self.sizes;
        (batch, time, channels).into()
    }

    fn forward<F: Real>(&self, [x, packed, context]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { channels, taps, time, .. } = self.sizes;
        let [weight, bias] = self.packing().slices(packed);
        let weight = by_taps(weight, taps);
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work: Vec<_> = y.chunks_exact_mut(time * channels).enumerate().collect();
            parallel::for_each(work, |(b, y)| {
                let rows = self.rows(x, context, b);
                let mut sum = vec![F::ZERO; channels];
                values(&rows, &weight, bias, &mut sum, y);
            });
        };
        // SAFETY: the stimuli cover y, and `values` writes every bin of each.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(x.len(), fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { batch, channels, taps, time } = self.sizes;
        let [x, packed, context] = call.inputs;
        let [weight, bias] = self.packing().slices(packed);
        let weight = by_taps(weight, taps);
        let (size, before) = (time * channels, (taps - 1) * channels);
        let [_, _, wants_context] = wanted;

        let mut context_grad = vec![F::ZERO; if wants_context { batch * before } else { 0 }];
        let mut of_groups = Vec::new();
        let fill = |x_grad: &mut [MaybeUninit<F>]| {
            let (mut x_grad, mut context_grad) = (x_grad, &mut context_grad[..]);
            let (mut tasks, mut begun) = (Vec::new(), 0);
            for count in groups(batch) {
                let of_context = if wants_context { count * before } else { 0 };
                let sinks = (take_mut(&mut x_grad, count * size), take_mut(&mut context_grad, of_context));
                tasks.push((begun, sinks));
                begun += count;
            }
            of_groups = parallel::map(tasks, |(begun, (x_grad, context_grad))| {
                let mut sums = vec![F::ZERO; packed.len()];
                let mut slopes = vec![F::ZERO; size];
                let mut all = vec![F::ZERO; before + size];
                for (i, x_grad) in x_grad.chunks_exact_mut(size).enumerate() {
                    let rows = self.rows(x, context, begun + i);
                    let grad = &call.grad[(begun + i) * size..][..size];
                    inner_gradients(&rows, &weight, bias, grad, &mut slopes);
                    add_weight_gradients(&rows, &slopes, &mut sums);
                    all.fill(F::ZERO);
                    spread(&slopes, &weight, channels, &mut all);
                    x_grad.iter_mut().zip(&all[before..]).for_each(|(to, g)| {
                        to.write(*g);
                    });
                    if wants_context {
                        context_grad[i * before..][..before].copy_from_slice(&all[..before]);
                    }
                }
                sums
            });
        };
        // SAFETY: the groups cover the batch, and each writes every bin of its stimuli.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(x.len(), fill) };

        // Sums are tap by tap, then the bias; the weight is channel by channel.
        let mut packed_grad = vec![F::ZERO; packed.len()];
        for sums in of_groups {
            for (i, sum) in sums.into_iter().enumerate() {
                let (k, c) = (i / channels, i % channels);
                packed_grad[if k < taps { c * taps + k } else { i }] += sum;
            }
        }
        [x_grad, packed_grad, context_grad]
    }
}

/// a of the bin whose first input `rows` begins with.
#[inline(always)]
fn filtered<F: Real, M: MulAdd>(rows: &[F], weight: &[F], bias: &[F], sum: &mut [F]) {
    let channels = bias.len();
    sum.copy_from_slice(bias);
    for (weight, x) in weight.chunks_exact(channels).zip(rows.chunks_exact(channels)) {
        for ((sum, w), x) in sum.iter_mut().zip(weight).zip(x) {
            *sum = M::mul_add(*w, *x, *sum);
        }
    }
}

multiversion! {
    /// y of every bin; `sum` is room for one.
    fn values<F, M>(rows: &[F], weight: &[F], bias: &[F], sum: &mut [F], y: &mut [MaybeUninit<F>]) {
        let channels = bias.len();
        for (t, y) in y.chunks_exact_mut(channels).enumerate() {
            filtered::<F, M>(&rows[t * channels..], weight, bias, sum);
            for (y, a) in y.iter_mut().zip(&*sum) {
                y.write(*a * a.sigmoid::<M>());
            }
        }
    }
}

multiversion! {
    /// The gradient of a in every bin.
    fn inner_gradients<F, M>(rows: &[F], weight: &[F], bias: &[F], grad: &[F], slopes: &mut [F]) {
        let channels = bias.len();
        let slopes = slopes.chunks_exact_mut(channels).enumerate();
        for ((t, slope), grad) in slopes.zip(grad.chunks_exact(channels)) {
            filtered::<F, M>(&rows[t * channels..], weight, bias, slope);
            for (a, g) in slope.iter_mut().zip(grad) {
                let s = a.sigmoid::<M>();
                *a = *g * s * M::mul_add(*a, F::ONE - s, F::ONE);
            }
        }
    }
}

multiversion! {
    /// Adds to (K, C) sums of slopes times inputs, and to (C) behind them sums of slopes.
    fn add_weight_gradients<F, M>(rows: &[F], slopes: &[F], sums: &mut [F]) {
        let before = rows.len() - slopes.len();
        // (K-1) C numbers before, (K+1) C sums: C is half of the difference.
        let channels = (sums.len() - before) / 2;
        for (t, slope) in slopes.chunks_exact(channels).enumerate() {
            let inputs = rows[t * channels..].chunks_exact(channels);
            let (taps, bias) = sums.split_at_mut(before + channels);
            for (sums, x) in taps.chunks_exact_mut(channels).zip(inputs) {
                for ((sum, g), x) in sums.iter_mut().zip(slope).zip(x) {
                    *sum = M::mul_add(*g, *x, *sum);
                }
            }
            bias.iter_mut().zip(slope).for_each(|(sum, g)| *sum += *g);
        }
    }
}

multiversion! {
    /// Adds to the gradient of the padded rows what each bin's slope gives through the taps.
    fn spread<F, M>(slopes: &[F], weight: &[F], channels: usize, rows: &mut [F]) {
        for (t, slope) in slopes.chunks_exact(channels).enumerate() {
            let rows = rows[t * channels..].chunks_exact_mut(channels);
            for (rows, weight) in rows.zip(weight.chunks_exact(channels)) {
                for ((row, w), g) in rows.iter_mut().zip(weight).zip(slope) {
                    *row = M::mul_add(*w, *g, *row);
                }
            }
        }
    }
}
