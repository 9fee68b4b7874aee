//! Masked losses whose term has one learned number per neuron besides the rate: a variance, a dispersion.

use std::{marker::PhantomData, mem::MaybeUninit};

use candle_core::{Shape, Tensor};

use super::{
    cpu::{count_row, neuron_weights, per_neuron, rate_gradient, where_valid},
    masked::check,
};
use crate::{
    error::Result,
    simd::{
        dispatch::{Base, multiversion},
        float::{MulAdd, Real},
        reduce::fold,
    },
    tensor::{
        arguments::Check,
        custom_op::{Backward, Kernel},
        driver::{self, Input},
    },
};

/// What one bin contributes, given a number of its neuron.
pub(crate) trait ParameterTerm: Send + Sync + 'static {
    /// The operation's name.
    const NAME: &'static str;
    /// The parameter's name in the operation's signature.
    const PARAMETER: &'static str;
    /// What is computed of the parameter once for a row of bins.
    type Known<F: Real>: Copy + Send + Sync;

    /// What the bins of a neuron need of its parameter.
    fn known<F: Real, M: MulAdd>(parameter: F) -> Self::Known<F>;

    /// The term.
    fn value<F: Real, M: MulAdd>(rate: F, target: F, known: &Self::Known<F>) -> F;

    /// Its derivative by the rate.
    fn by_rate<F: Real, M: MulAdd>(rate: F, target: F, known: &Self::Known<F>) -> F;

    /// Its derivative by the parameter.
    fn by_parameter<F: Real, M: MulAdd>(rate: F, target: F, known: &Self::Known<F>) -> F;
}

/// Checks the arguments of the loss of terms `L`: shapes (B, N, T), the parameter (N).
pub(super) fn check_all<L: ParameterTerm>(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    parameter: &Tensor,
) -> Result<[usize; 2]> {
    let [neurons, time] = check(L::NAME, rate, target, mask)?;
    let check = Check::new(L::NAME);
    check.dims(L::PARAMETER, parameter, [Some(neurons)])?;
    check.dtype(L::PARAMETER, parameter, rate)?;
    Ok([neurons, time])
}

/// Checks the arguments of the loss of terms `L` and computes it.
pub(super) fn run<L: ParameterTerm>(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    parameter: &Tensor,
    plain: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    let [neurons, time] = check_all::<L>(rate, target, mask, parameter)?;
    driver::run(
        WithParameter::<L> { neurons, time, term: PhantomData },
        [
            Input::one("rate", rate),
            Input::packed([("target", target), ("mask", mask)]).constant(),
            Input::one(L::PARAMETER, parameter),
        ],
        Ok,
        plain,
    )
}

/// Inputs: rate (B, N, T); target and mask, one after the other; the parameter (N). Result: a scalar.
/// Tape: (N), what a term of each neuron weighs in the loss.
struct WithParameter<L> {
    neurons: usize,
    time: usize,
    term: PhantomData<L>,
}

impl<L: ParameterTerm> WithParameter<L> {
    /// Adds, over the batch, what `of_row` gives for the rows (rate, target, mask) of each neuron.
    fn sums<F: Real>(
        &self,
        rows: [&[F]; 3],
        parameter: &[F],
        of_row: impl Fn(&[F], &[F], &[F], &L::Known<F>) -> F + Send + Sync,
    ) -> Vec<F> {
        let known: Vec<_> = parameter.iter().map(|p| L::known::<F, Base>(*p)).collect();
        per_neuron([self.neurons, self.time], rows, |neuron, rate, target, mask| {
            of_row(rate, target, mask, &known[neuron])
        })
    }
}

impl<L: ParameterTerm> Kernel<3> for WithParameter<L> {
    const NAME: &'static str = L::NAME;

    fn shape(&self) -> Shape {
        ().into()
    }

    fn forward<F: Real>(&self, [rate, others, parameter]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let (target, mask) = others.split_at(rate.len());
        let rows = [rate, target, mask];
        let counts = per_neuron([self.neurons, self.time], rows, |_, _, _, mask| count_row(mask));
        let terms = self.sums(rows, parameter, sum_row::<F, L>);
        let weights = neuron_weights(&counts);
        let loss = weights.iter().zip(terms).fold(F::ZERO, |loss, (weight, term)| loss + *weight * term);
        if let Some(tape) = tape {
            *tape = weights;
        }
        vec![loss]
    }

    fn backward<F: Real>(
        &self,
        call: Backward<'_, F, 3>,
        [wants_rate, _, wants_parameter]: [bool; 3],
    ) -> [Vec<F>; 3] {
        let [rate, others, parameter] = call.inputs;
        let (target, mask) = others.split_at(rate.len());
        // The gradient of a scalar.
        let upstream = call.grad[0];
        let mut grads = [Vec::new(), Vec::new(), Vec::new()];
        if wants_rate {
            grads[0] = self.rate_grad([rate, target, mask], parameter, call.tape, upstream);
        }
        if wants_parameter {
            let slopes = self.sums([rate, target, mask], parameter, parameter_row::<F, L>);
            grads[2] = slopes.into_iter().zip(call.tape).map(|(slope, w)| upstream * *w * slope).collect();
        }
        grads
    }
}

impl<L: ParameterTerm> WithParameter<L> {
    fn rate_grad<F: Real>(&self, rows: [&[F]; 3], parameter: &[F], weights: &[F], upstream: F) -> Vec<F> {
        let known: Vec<_> = parameter.iter().map(|p| L::known::<F, Base>(*p)).collect();
        let of_row =
            |[_, neuron]: [usize; 2], [rate, target, mask]: [&[F]; 3], row: &mut [MaybeUninit<F>]| {
                rate_row::<F, L>(rate, target, mask, &known[neuron], upstream * weights[neuron], row);
            };
        // SAFETY: `rate_row` writes its whole row.
        #[allow(unsafe_code, reason = "results are written once")]
        unsafe {
            rate_gradient([self.neurons, self.time], rows, of_row)
        }
    }
}

multiversion! {
    fn sum_row<F, M; L: ParameterTerm>(rate: &[F], target: &[F], mask: &[F], known: &L::Known<F>) -> F {
        let n = mask.len();
        let (rate, target) = (&rate[..n], &target[..n]);
        fold(n, |i, sum| sum + where_valid(mask[i], L::value::<F, M>(rate[i], target[i], known)))
    }
}

multiversion! {
    fn parameter_row<F, M; L: ParameterTerm>(rate: &[F], target: &[F], mask: &[F], known: &L::Known<F>) -> F {
        let n = mask.len();
        let (rate, target) = (&rate[..n], &target[..n]);
        fold(n, |i, sum| sum + where_valid(mask[i], L::by_parameter::<F, M>(rate[i], target[i], known)))
    }
}

multiversion! {
    fn rate_row<F, M; L: ParameterTerm>(
        rate: &[F], target: &[F], mask: &[F], known: &L::Known<F>, weight: F, rate_grad: &mut [MaybeUninit<F>],
    ) {
        for (((rate_grad, rate), target), mask) in rate_grad.iter_mut().zip(rate).zip(target).zip(mask) {
            rate_grad.write(where_valid(*mask, weight * L::by_rate::<F, M>(*rate, *target, known)));
        }
    }
}
