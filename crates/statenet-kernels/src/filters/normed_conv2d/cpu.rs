//! The layer on slices: the convolution of one stimulus at a time, normalised while it is near.

use std::{borrow::Cow, mem::MaybeUninit};

use candle_core::Shape;

use super::OP;
use crate::{
    filters::causal_conv2d::{
        Sizes,
        cpu::{CausalConv2d, Pass},
    },
    parallel,
    pointwise::{
        channel_norm::{
            self,
            cpu::{backward_stimulus, forward_stimulus, moments_of_stimulus},
        },
        then::Then,
    },
    simd::{float::Real, uninit::vector},
    tensor::{
        custom_op::{Backward, Kernel},
        packing::Packing,
    },
};

/// Inputs: x (B, Ci, F, T); weight (Co, Ci, Kf, Kt), bias, gain and offset (Co) packed; context (B, Ci, F, Kt-1) or
/// nothing.
/// Result: (B, Co, F', T). No tape.
pub(super) struct NormedConv2d {
    convolution: CausalConv2d,
    eps: f64,
    then: Then,
}

impl NormedConv2d {
    pub(super) fn new(sizes: Sizes, eps: f64, then: Then) -> Self {
        Self { convolution: CausalConv2d(sizes), eps, then }
    }

    /// Weight, bias, gain and offset.
    const fn packing(&self) -> Packing<4> {
        let Packing([weight, bias]) = self.convolution.packing();
        Packing([weight, bias, bias, bias])
    }

    /// Of the normalisation of one stimulus.
    fn norm_sizes(&self) -> channel_norm::Sizes {
        let Sizes { outputs, rows, time, .. } = self.convolution.0;
        channel_norm::Sizes { batch: 1, channels: outputs, positions: rows, time }
    }

    /// A row for the means and one for the scales of each position.
    fn moments<F: Real>(&self) -> Vec<F> {
        let Sizes { rows, time, .. } = self.convolution.0;
        vec![F::ZERO; rows * 2 * time]
    }

    /// a of one stimulus.
    fn convolved<F: Real>(&self, pass: &Pass<F>, bias: &[F], context: &[F], x: &[F]) -> Vec<F> {
        let mut a = vec![F::ZERO; self.convolution.output().size()];
        self.convolution.forward_stimulus(pass, bias, context, x, &mut a);
        a
    }
}

impl Kernel<3> for NormedConv2d {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        self.convolution.shape()
    }

    fn forward<F: Real>(&self, [x, packed, context]: [&[F]; 3], _: Option<&mut Vec<F>>) -> Vec<F> {
        let (from, to) = (self.convolution.input().size(), self.convolution.output().size());
        let [weight, bias, gain, offset] = self.packing().slices(packed);
        let pass = self.convolution.ahead(weight);
        let (sizes, eps, then) = (self.norm_sizes(), F::of(self.eps), self.then);
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = x.chunks_exact(from).zip(y.chunks_exact_mut(to)).enumerate();
            parallel::for_each(work.collect(), |(b, (x, y))| {
                let a = self.convolved(&pass, bias, self.convolution.context_of(context, b), x);
                forward_stimulus(sizes, eps, then, &a, gain, offset, y, &mut self.moments());
            });
        };
        // SAFETY: `forward_stimulus` writes the rows of all channels and positions of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(self.convolution.0.batch * to, fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, wanted: [bool; 3]) -> [Vec<F>; 3] {
        let [x, packed, context] = call.inputs;
        let (from, to) = (self.convolution.input().size(), self.convolution.output().size());
        let [weight, bias, gain, _] = self.packing().slices(packed);
        let pass = self.convolution.ahead(weight);
        let (sizes, eps, then) = (self.norm_sizes(), F::of(self.eps), self.then);
        self.convolution.gradients(call.inputs, wanted, |b, after| {
            let x = &x[b * from..][..from];
            let (y, grad) = (&call.output[b * to..][..to], &call.grad[b * to..][..to]);
            let a = self.convolved(&pass, bias, self.convolution.context_of(context, b), x);
            let mut moments = self.moments();
            moments_of_stimulus(sizes, eps, &a, &mut moments);
            let fill = |a_grad: &mut [MaybeUninit<F>]| {
                backward_stimulus(sizes, then, &a, gain, y, &moments, grad, a_grad, after);
            };
            // SAFETY: `backward_stimulus` writes the rows of all channels and positions of its stimulus.
            #[allow(unsafe_code, reason = "results are written once")]
            let a_grad = unsafe { vector(to, fill) };
            Cow::Owned(a_grad)
        })
    }
}
