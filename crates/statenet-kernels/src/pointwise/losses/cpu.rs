//! Masked losses on slices: a term given for one bin, summed per neuron over the valid bins.

use std::{marker::PhantomData, mem::MaybeUninit};

use candle_core::Shape;

use crate::{
    parallel,
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
        reduce::fold,
        uninit::vector,
    },
    tensor::custom_op::{Backward, Kernel},
};

/// What one bin contributes.
pub(crate) trait Term: Send + Sync + 'static {
    /// The operation's name.
    const NAME: &'static str;

    /// The term.
    fn value<F: Real, M: MulAdd>(rate: F, target: F) -> F;

    /// Its derivative by the rate.
    fn slope<F: Real, M: MulAdd>(rate: F, target: F) -> F;
}

/// Inputs: rate, target, mask, (B, N, T) each. Result: a scalar.
/// Tape: (N), what a term of each neuron weighs in the loss.
pub(crate) struct Masked<L> {
    pub(crate) neurons: usize,
    pub(crate) time: usize,
    pub(crate) term: PhantomData<L>,
}

impl<L: Term> Masked<L> {
    /// Adds, in the order of the batch, what `of_row` gives for the rows (rate, target, mask) of each neuron.
    fn per_neuron<F: Real>(
        &self,
        [rate, target, mask]: [&[F]; 3],
        of_row: fn(&[F], &[F], &[F]) -> F,
    ) -> Vec<F> {
        let Self { neurons, time, .. } = *self;
        let size = neurons * time;
        let work: Vec<_> =
            rate.chunks_exact(size).zip(target.chunks_exact(size)).zip(mask.chunks_exact(size)).collect();
        let of_each = parallel::map(work, |((rate, target), mask)| {
            let rows = rate.chunks_exact(time).zip(target.chunks_exact(time)).zip(mask.chunks_exact(time));
            rows.map(|((rate, target), mask)| of_row(rate, target, mask)).collect::<Vec<F>>()
        });
        let mut totals = vec![F::ZERO; neurons];
        for of_one in of_each {
            totals.iter_mut().zip(of_one).for_each(|(total, x)| *total += x);
        }
        totals
    }
}

impl<L: Term> Kernel<3> for Masked<L> {
    const NAME: &'static str = L::NAME;

    fn shape(&self) -> Shape {
        ().into()
    }

    fn forward<F: Real>(&self, [rate, target, mask]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let rows = [rate, target, mask];
        let counts = self.per_neuron(rows, |_, _, mask| count_row(mask));
        let terms = self.per_neuron(rows, sum_row::<F, L>);
        let neurons = F::of(counts.iter().filter(|&&count| count > F::ZERO).count() as f64);
        let weights: Vec<F> =
            counts.iter().map(|&c| if c > F::ZERO { F::ONE / (c * neurons) } else { F::ZERO }).collect();
        let loss = weights.iter().zip(terms).fold(F::ZERO, |loss, (weight, term)| loss + *weight * term);
        if let Some(tape) = tape {
            *tape = weights;
        }
        vec![loss]
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Self { neurons, time, .. } = *self;
        let [rate, target, mask] = call.inputs;
        // The gradient of a scalar.
        let upstream = call.grad[0];
        let size = neurons * time;
        let fill = |rate_grad: &mut [MaybeUninit<F>]| {
            let work = rate
                .chunks_exact(size)
                .zip(target.chunks_exact(size))
                .zip(mask.chunks_exact(size))
                .zip(rate_grad.chunks_exact_mut(size));
            parallel::for_each(work.collect(), |(((rate, target), mask), rate_grad)| {
                let rows = rate
                    .chunks_exact(time)
                    .zip(target.chunks_exact(time))
                    .zip(mask.chunks_exact(time))
                    .zip(rate_grad.chunks_exact_mut(time));
                for ((((rate, target), mask), rate_grad), weight) in rows.zip(call.tape) {
                    slope_row::<F, L>(rate, target, mask, upstream * *weight, rate_grad);
                }
            });
        };
        // SAFETY: all four have one shape, the tape a weight for each neuron; `slope_row` writes its whole row.
        #[allow(unsafe_code, reason = "results are written once")]
        let rate_grad = unsafe { vector(rate.len(), fill) };
        // Target and mask come detached and want no gradient.
        [rate_grad, Vec::new(), Vec::new()]
    }
}

/// `x` where the mask is not 0, otherwise 0, also where `x` is NaN.
#[inline(always)]
fn where_valid<F: Real>(mask: F, x: F) -> F {
    if mask == F::ZERO { F::ZERO } else { x }
}

multiversion! {
    fn count_row<F, M>(mask: &[F]) -> F {
        fold(mask.len(), |i, sum| sum + where_valid(mask[i], F::ONE))
    }
}

multiversion! {
    fn sum_row<F, M; L: Term>(rate: &[F], target: &[F], mask: &[F]) -> F {
        let n = mask.len();
        let (rate, target) = (&rate[..n], &target[..n]);
        fold(n, |i, sum| sum + where_valid(mask[i], L::value::<F, M>(rate[i], target[i])))
    }
}

multiversion! {
    fn slope_row<F, M; L: Term>(rate: &[F], target: &[F], mask: &[F], weight: F, rate_grad: &mut [MaybeUninit<F>]) {
        for (((rate_grad, rate), target), mask) in rate_grad.iter_mut().zip(rate).zip(target).zip(mask) {
            rate_grad.write(where_valid(*mask, weight * L::slope::<F, M>(*rate, *target)));
        }
    }
}
