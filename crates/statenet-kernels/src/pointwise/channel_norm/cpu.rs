//! Normalisation over channels on slices: along contiguous time, with rows of means and scales beside it.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    parallel,
    pointwise::then::{Then, follow, unfollow},
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
        reduce::{dot, sum},
        uninit::{copy, vector},
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: x (B, C, L, T), gain (C), bias (C). Result: (B, C, L, T).
/// Tape: (B, L, 2, T), the mean and the reciprocal deviation.
pub(crate) struct ChannelNorm {
    pub(crate) sizes: Sizes,
    pub(crate) eps: f64,
    pub(crate) then: Then,
}

impl Kernel<3> for ChannelNorm {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, channels, positions, time } = self.sizes;
        (batch, channels, positions, time).into()
    }

    fn forward<F: Real>(&self, [x, gain, bias]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, channels, positions, time } = self.sizes;
        let size = channels * positions * time;
        let mut moments = vec![F::ZERO; batch * positions * 2 * time];
        let (eps, then) = (F::of(self.eps), self.then);
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = x
                .chunks_exact(size)
                .zip(y.chunks_exact_mut(size))
                .zip(moments.chunks_exact_mut(positions * 2 * time));
            parallel::for_each(work.collect(), |((x, y), moments)| {
                forward_stimulus(self.sizes, eps, then, x, gain, bias, y, moments);
            });
        };
        // SAFETY: `forward_stimulus` writes the rows of all channels and positions of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(x.len(), fill) };
        if let Some(tape) = tape {
            *tape = moments;
        }
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { channels, positions, time, .. } = self.sizes;
        let [x, gain, _] = call.inputs;
        let size = channels * positions * time;
        let mut of_each = Vec::new();
        let fill = |x_grad: &mut [MaybeUninit<F>]| {
            let work = x
                .chunks_exact(size)
                .zip(call.output.chunks_exact(size))
                .zip(call.tape.chunks_exact(positions * 2 * time))
                .zip(call.grad.chunks_exact(size))
                .zip(x_grad.chunks_exact_mut(size));
            of_each = parallel::map(work.collect(), |((((x, y), moments), grad), x_grad)| {
                let mut sums = vec![F::ZERO; 2 * channels];
                backward_stimulus(self.sizes, self.then, x, gain, y, moments, grad, x_grad, &mut sums);
                sums
            });
        };
        // SAFETY: `backward_stimulus` writes the rows of all channels and positions of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(x.len(), fill) };
        let mut gain_grad = vec![F::ZERO; 2 * channels];
        for of_one in of_each {
            gain_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        let bias_grad = gain_grad.split_off(channels);
        [x_grad, gain_grad, bias_grad]
    }
}

/// The mean over channels and the reciprocal deviation of all bins at position l.
#[inline(always)]
fn moments_at<F: Real, M: MulAdd>(sizes: Sizes, eps: F, x: &[F], l: usize, mean: &mut [F], scale: &mut [F]) {
    let Sizes { channels, positions, time, .. } = sizes;
    let share = F::ONE / F::of(channels as f64);
    let row = |c: usize| (c * positions + l) * time;
    mean.fill(F::ZERO);
    scale.fill(F::ZERO);
    for c in 0..channels {
        mean.iter_mut().zip(&x[row(c)..]).for_each(|(m, x)| *m += *x);
    }
    mean.iter_mut().for_each(|m| *m *= share);
    for c in 0..channels {
        for ((s, m), x) in scale.iter_mut().zip(&*mean).zip(&x[row(c)..]) {
            let d = *x - *m;
            *s = M::mul_add(d, d, *s);
        }
    }
    scale.iter_mut().for_each(|s| *s = F::ONE / M::mul_add(*s, share, eps).root());
}

multiversion! {
    /// What [`forward_stimulus`] leaves in `moments`, and the same bits.
    pub(crate) fn moments_of_stimulus<F, M>(sizes: Sizes, eps: F, x: &[F], moments: &mut [F]) {
        for (l, moments) in moments.chunks_exact_mut(2 * sizes.time).enumerate() {
            let (mean, scale) = moments.split_at_mut(sizes.time);
            moments_at::<F, M>(sizes, eps, x, l, mean, scale);
        }
    }
}

multiversion! {
    /// Writes y, (C, L, T), and leaves (L, 2, T) in `moments`: the mean and the reciprocal deviation.
    pub(crate) fn forward_stimulus<F, M>(
        sizes: Sizes,
        eps: F,
        then: Then,
        x: &[F],
        gain: &[F],
        bias: &[F],
        y: &mut [MaybeUninit<F>],
        moments: &mut [F],
    ) {
        let Sizes { channels, positions, time, .. } = sizes;
        let mut after = vec![F::ZERO; time];
        for (l, moments) in moments.chunks_exact_mut(2 * time).enumerate() {
            let (mean, scale) = moments.split_at_mut(time);
            let row = |c: usize| (c * positions + l) * time;
            moments_at::<F, M>(sizes, eps, x, l, mean, scale);
            for c in 0..channels {
                let (gain, bias) = (gain[c], bias[c]);
                for (((v, x), m), s) in after.iter_mut().zip(&x[row(c)..]).zip(&*mean).zip(&*scale) {
                    *v = M::mul_add((*x - *m) * *s, gain, bias);
                }
                follow::<F, M>(then, &mut after);
                copy(&mut y[row(c)..][..time], &after);
            }
        }
    }
}

multiversion! {
    /// Writes the gradient of x; `sums` gathers the gradients of gain and bias, C each.
    pub(crate) fn backward_stimulus<F, M>(
        sizes: Sizes,
        then: Then,
        x: &[F],
        gain: &[F],
        y: &[F],
        moments: &[F],
        grad: &[F],
        x_grad: &mut [MaybeUninit<F>],
        sums: &mut [F],
    ) {
        let Sizes { channels, positions, time, .. } = sizes;
        let share = F::ONE / F::of(channels as f64);
        // Rows of e and v for all channels of one position, and of mean_c d and mean_c d v.
        let mut e = vec![F::ZERO; channels * time];
        let mut v = vec![F::ZERO; channels * time];
        let mut mean_d = vec![F::ZERO; time];
        let mut mean_dv = vec![F::ZERO; time];
        for (l, moments) in moments.chunks_exact(2 * time).enumerate() {
            let (mean, scale) = moments.split_at(time);
            let row = |c: usize| (c * positions + l) * time;
            mean_d.fill(F::ZERO);
            mean_dv.fill(F::ZERO);
            for c in 0..channels {
                let (e, v) = (&mut e[c * time..][..time], &mut v[c * time..][..time]);
                unfollow(then, &y[row(c)..][..time], &grad[row(c)..][..time], e);
                for (((v, x), m), s) in v.iter_mut().zip(&x[row(c)..]).zip(mean).zip(scale) {
                    *v = (*x - *m) * *s;
                }
                sums[c] += dot::<F, M>(e, v);
                sums[channels + c] += sum(e);
                let weight = gain[c] * share;
                for (((d, dv), e), v) in mean_d.iter_mut().zip(&mut mean_dv).zip(&*e).zip(&*v) {
                    let share = *e * weight;
                    *d += share;
                    *dv = M::mul_add(share, *v, *dv);
                }
            }
            for c in 0..channels {
                let gain = gain[c];
                let (e, v) = (&e[c * time..][..time], &v[c * time..][..time]);
                let rows = x_grad[row(c)..][..time].iter_mut().zip(e).zip(v).zip(scale).zip(&mean_d).zip(&mean_dv);
                for (((((x_grad, e), v), s), d), dv) in rows {
                    x_grad.write(*s * (*e * gain - *d - *v * *dv));
                }
            }
        }
    }
}
