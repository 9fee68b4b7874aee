//! Output curves on slices: value and gradients of a curve given for one element, along contiguous time.

use std::{marker::PhantomData, mem::MaybeUninit};

use candle_core::Shape;

use super::arguments::Sizes;
use crate::{
    parallel,
    simd::{
        dispatch::multiversion,
        float::{LANES, MulAdd, Real},
        reduce::sum,
        uninit::{copy, map, vector},
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Elements that are computed side by side; so many that the compiler keeps the loop and vectorises it.
const BLOCK: usize = 16 * LANES;

/// The most parameters that a curve has.
pub(crate) const MAX_PARAMETERS: usize = 4;

/// A curve, element by element; `p` holds its parameters in the order of its signature, then zeros.
pub(crate) trait Curve: Send + Sync + 'static {
    /// The operation's name.
    const NAME: &'static str;
    /// How many parameters it has.
    const PARAMETERS: usize;

    /// y.
    fn value<F: Real, M: MulAdd>(x: F, p: [F; MAX_PARAMETERS]) -> F;

    /// dy/dx, and dy/dp for each parameter.
    fn slopes<F: Real, M: MulAdd>(x: F, p: [F; MAX_PARAMETERS]) -> (F, [F; MAX_PARAMETERS]);
}

/// Inputs: x (B, N, T); the parameters packed, (P, N). Result: (B, N, T). No tape.
pub(crate) struct Curved<C> {
    pub(crate) sizes: Sizes,
    pub(crate) curve: PhantomData<C>,
}

/// The parameters of neuron n.
fn of_neuron<F: Real>(packed: &[F], neurons: usize, n: usize) -> [F; MAX_PARAMETERS] {
    std::array::from_fn(|i| packed.get(i * neurons + n).copied().unwrap_or(F::ZERO))
}

impl<C: Curve> Kernel<2> for Curved<C> {
    const NAME: &'static str = C::NAME;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.sizes.neurons, self.sizes.time).into()
    }

    fn forward<F: Real>(&self, [x, packed]: [&[F]; 2], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { neurons, time, .. } = self.sizes;
        let size = neurons * time;
        let fill = |y: &mut [MaybeUninit<F>]| {
            let work = x.chunks_exact(size).zip(y.chunks_exact_mut(size)).collect();
            parallel::for_each(work, |(x, y)| {
                for (n, (x, y)) in x.chunks_exact(time).zip(y.chunks_exact_mut(time)).enumerate() {
                    value_row::<F, C>(x, of_neuron(packed, neurons, n), y);
                }
            });
        };
        // SAFETY: x has the shape of y, and `value_row` writes one number for each of its row.
        #[allow(unsafe_code, reason = "results are written once")]
        let y = unsafe { vector(x.len(), fill) };
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 2>, _: [bool; 2]) -> [Vec<F>; 2] {
        let Sizes { neurons, time, .. } = self.sizes;
        let [x, packed] = call.inputs;
        let size = neurons * time;
        let mut of_each = Vec::new();
        let fill = |x_grad: &mut [MaybeUninit<F>]| {
            let work =
                x.chunks_exact(size).zip(call.grad.chunks_exact(size)).zip(x_grad.chunks_exact_mut(size));
            of_each = parallel::map(work.collect(), |((x, grad), x_grad)| {
                let mut sums = vec![F::ZERO; packed.len()];
                let rows =
                    x.chunks_exact(time).zip(grad.chunks_exact(time)).zip(x_grad.chunks_exact_mut(time));
                for (n, ((x, grad), x_grad)) in rows.enumerate() {
                    let of_row = slopes_row::<F, C>(x, grad, of_neuron(packed, neurons, n), x_grad);
                    for (i, g) in of_row.into_iter().enumerate().take(C::PARAMETERS) {
                        sums[i * neurons + n] = g;
                    }
                }
                sums
            });
        };
        // SAFETY: x, its gradient and that of y have one shape, and `slopes_row` writes its whole row.
        #[allow(unsafe_code, reason = "results are written once")]
        let x_grad = unsafe { vector(x.len(), fill) };
        let mut packed_grad = vec![F::ZERO; packed.len()];
        for of_one in of_each {
            packed_grad.iter_mut().zip(of_one).for_each(|(total, g)| *total += g);
        }
        [x_grad, packed_grad]
    }
}

multiversion! {
    fn value_row<F, M; C: Curve>(x: &[F], p: [F; MAX_PARAMETERS], y: &mut [MaybeUninit<F>]) {
        map(y, x, |x| C::value::<F, M>(x, p));
    }
}

multiversion! {
    /// Writes gx and returns the row's part of the parameters' gradients. Where a loss reads one neuron of many,
    /// most rows have no gradient, and the work is skipped.
    fn slopes_row<F, M; C: Curve>(
        x: &[F],
        grad: &[F],
        p: [F; MAX_PARAMETERS],
        x_grad: &mut [MaybeUninit<F>],
    ) -> [F; MAX_PARAMETERS] {
        if grad.iter().all(|g| *g == F::ZERO) {
            copy(x_grad, grad);
            return [F::ZERO; MAX_PARAMETERS];
        }
        let mut sums = [[F::ZERO; BLOCK]; MAX_PARAMETERS];
        let (xs, x_rest) = x.as_chunks::<BLOCK>();
        let (grads, grad_rest) = grad.as_chunks::<BLOCK>();
        let (x_grads, x_grad_rest) = x_grad.as_chunks_mut::<BLOCK>();
        for ((x, grad), x_grad) in xs.iter().zip(grads).zip(x_grads) {
            let mut result = [F::ZERO; BLOCK];
            slopes_block::<F, M, C>(x, grad, p, &mut result, &mut sums);
            copy(x_grad, &result);
        }
        // The rest as a block whose missing elements have no gradient.
        if !x_rest.is_empty() {
            let (mut x, mut grad, mut result) = ([F::ZERO; BLOCK], [F::ZERO; BLOCK], [F::ZERO; BLOCK]);
            x[..x_rest.len()].copy_from_slice(x_rest);
            grad[..grad_rest.len()].copy_from_slice(grad_rest);
            slopes_block::<F, M, C>(&x, &grad, p, &mut result, &mut sums);
            copy(x_grad_rest, &result);
        }
        sums.map(|lanes| sum(&lanes))
    }
}

#[inline(always)]
fn slopes_block<F: Real, M: MulAdd, C: Curve>(
    x: &[F; BLOCK],
    grad: &[F; BLOCK],
    p: [F; MAX_PARAMETERS],
    x_grad: &mut [F; BLOCK],
    sums: &mut [[F; BLOCK]; MAX_PARAMETERS],
) {
    let mut slope = [F::ZERO; BLOCK];
    let mut slopes = [[F::ZERO; BLOCK]; MAX_PARAMETERS];
    for l in 0..BLOCK {
        let of_one = C::slopes::<F, M>(x[l], p);
        slope[l] = of_one.0;
        for (slopes, slope) in slopes.iter_mut().zip(of_one.1) {
            slopes[l] = slope;
        }
    }
    for l in 0..BLOCK {
        x_grad[l] = grad[l] * slope[l];
    }
    for (sums, slopes) in sums.iter_mut().zip(slopes).take(C::PARAMETERS) {
        for l in 0..BLOCK {
            sums[l] = M::mul_add(grad[l], slopes[l], sums[l]);
        }
    }
}
