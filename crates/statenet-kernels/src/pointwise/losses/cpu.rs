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

/// Adds, in the order of the batch, what `of_row` gives for the rows (rate, target, mask) of each neuron, whose number it
/// gets too; `[neurons, time]` are the sizes.
pub(super) fn per_neuron<F: Real>(
    [neurons, time]: [usize; 2],
    [rate, target, mask]: [&[F]; 3],
    of_row: impl Fn(usize, &[F], &[F], &[F]) -> F + Send + Sync,
) -> Vec<F> {
    let size = neurons * time;
    let work: Vec<_> =
        rate.chunks_exact(size).zip(target.chunks_exact(size)).zip(mask.chunks_exact(size)).collect();
    let of_each = parallel::map(work, |((rate, target), mask)| {
        let rows = rate.chunks_exact(time).zip(target.chunks_exact(time)).zip(mask.chunks_exact(time));
        let of_row = |(neuron, ((rate, target), mask))| of_row(neuron, rate, target, mask);
        rows.enumerate().map(of_row).collect::<Vec<F>>()
    });
    let mut totals = vec![F::ZERO; neurons];
    for of_one in of_each {
        totals.iter_mut().zip(of_one).for_each(|(total, x)| *total += x);
    }
    totals
}

/// The gradient by the rate (B, N, T): what `of_row` writes, given the rows (rate, target, mask) of each stimulus and neuron, whose
/// numbers it gets too; `[neurons, time]` are the sizes.
///
/// # Safety
/// `of_row` writes every bin of the row that it gets last.
#[allow(unsafe_code, reason = "results are written once")]
pub(super) unsafe fn rate_gradient<F: Real>(
    [neurons, time]: [usize; 2],
    [rate, target, mask]: [&[F]; 3],
    of_row: impl Fn([usize; 2], [&[F]; 3], &mut [MaybeUninit<F>]) + Send + Sync,
) -> Vec<F> {
    let size = neurons * time;
    let fill = |rate_grad: &mut [MaybeUninit<F>]| {
        let work = rate
            .chunks_exact(size)
            .zip(target.chunks_exact(size))
            .zip(mask.chunks_exact(size))
            .zip(rate_grad.chunks_exact_mut(size))
            .enumerate();
        parallel::for_each(work.collect(), |(stimulus, (((rate, target), mask), rate_grad))| {
            let rows = rate
                .chunks_exact(time)
                .zip(target.chunks_exact(time))
                .zip(mask.chunks_exact(time))
                .zip(rate_grad.chunks_exact_mut(time));
            for (neuron, (((rate, target), mask), rate_grad)) in rows.enumerate() {
                of_row([stimulus, neuron], [rate, target, mask], rate_grad);
            }
        });
    };
    // SAFETY: rate, target and mask have one shape, and each of its rows is written.
    unsafe { vector(rate.len(), fill) }
}

/// What a term of each neuron weighs in the loss, given the number of its valid bins.
pub(super) fn neuron_weights<F: Real>(counts: &[F]) -> Vec<F> {
    let neurons = F::of(counts.iter().filter(|&&count| count > F::ZERO).count() as f64);
    counts.iter().map(|&c| if c > F::ZERO { F::ONE / (c * neurons) } else { F::ZERO }).collect()
}

impl<L: Term> Kernel<3> for Masked<L> {
    const NAME: &'static str = L::NAME;

    fn shape(&self) -> Shape {
        ().into()
    }

    fn forward<F: Real>(&self, [rate, target, mask]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let (sizes, rows) = ([self.neurons, self.time], [rate, target, mask]);
        let counts = per_neuron(sizes, rows, |_, _, _, mask| count_row(mask));
        let terms = per_neuron(sizes, rows, |_, rate, target, mask| sum_row::<F, L>(rate, target, mask));
        let weights = neuron_weights(&counts);
        let loss = weights.iter().zip(terms).fold(F::ZERO, |loss, (weight, term)| loss + *weight * term);
        if let Some(tape) = tape {
            *tape = weights;
        }
        vec![loss]
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        // The gradient of a scalar.
        let upstream = call.grad[0];
        let of_row =
            |[_, neuron]: [usize; 2], [rate, target, mask]: [&[F]; 3], row: &mut [MaybeUninit<F>]| {
                slope_row::<F, L>(rate, target, mask, upstream * call.tape[neuron], row);
            };
        // SAFETY: `slope_row` writes its whole row.
        #[allow(unsafe_code, reason = "results are written once")]
        let rate_grad = unsafe { rate_gradient([self.neurons, self.time], call.inputs, of_row) };
        // Target and mask come detached and want no gradient.
        [rate_grad, Vec::new(), Vec::new()]
    }
}

/// `x` where the mask is not 0, otherwise 0, also where `x` is NaN.
#[inline(always)]
pub(super) fn where_valid<F: Real>(mask: F, x: F) -> F {
    if mask == F::ZERO { F::ZERO } else { x }
}

multiversion! {
    /// The valid bins.
    pub(super) fn count_row<F, M>(mask: &[F]) -> F {
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
