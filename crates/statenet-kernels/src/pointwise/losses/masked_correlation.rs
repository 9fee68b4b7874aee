//! The masked negative correlation.
//!
//! ```text
//! r[n] = sum_bt p' y' / sqrt(sum_bt p'^2 sum_bt y'^2),    x'[b,n,t] = x[b,n,t] - mean over valid t of x[b,n,t]
//! loss = - mean over neurons n, of which rate and target vary, of r[n]
//! ```
//! The means are those of each stimulus, the sums over all valid bins of the batch.

use std::mem::MaybeUninit;

use candle_core::{Shape, Tensor};

use super::{
    cpu::{rate_gradient, where_valid},
    masked::{CORRELATION, check},
    reference,
};
use crate::{
    error::Result,
    parallel,
    simd::{dispatch::multiversion, float::Real, reduce::fold},
    tensor::{
        custom_op::{Backward, Kernel},
        driver::{self, Input},
    },
};

/// Negative correlation of rate and target within stimuli, mean over neurons.
///
/// Neither scale nor offset of the rate matter: a model that was fitted with it predicts the shape of a response, not
/// spikes per bin.
///
/// - `rate`, `target`, `mask`: (B, N, T); a bin is valid where the mask is not 0.
/// - Returns a scalar from -1 to 1. A neuron whose rate or target is constant within stimuli is left out, with a zero
///   gradient; the loss is 0 if none remains. Only `rate` gets a gradient.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let rate = Tensor::new(&[[[1f64, 2.0, 3.0, 99.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[2f64, 2.0, 5.0, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 1.0, 1.0, 0.0]]], &Device::Cpu)?;
/// let loss = statenet_kernels::masked_correlation(&rate, &target, &mask)?.to_scalar::<f64>()?;
/// assert!((loss + 3.0 / 12f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn masked_correlation(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let [neurons, time] = check(CORRELATION, rate, target, mask)?;
    driver::run(
        Correlation { neurons, time },
        [
            Input::one("rate", rate),
            Input::one("target", target).constant(),
            Input::one("mask", mask).constant(),
        ],
        Ok,
        || reference::masked_correlation(rate, target, mask),
    )
}

/// A sum of squares below this share of that about 0, in units of the square of the rounding of a float, is rounding.
pub(super) const ROUNDING: f64 = 64.0;

/// The least sum of squared deviations that is not rounding, of numbers whose squares sum up to `about_zero`.
fn rounding<F: Real>(about_zero: F) -> F {
    let unit = F::of(if F::WIDE { f64::from(f32::EPSILON) } else { f64::EPSILON });
    F::of(ROUNDING) * unit * unit * about_zero
}

/// Inputs: rate, target, mask, (B, N, T) each. Result: a scalar.
/// Tape: (B, N, 2) means of rate and target in each row, then (N, 2) what the deviations of target and rate weigh in the
/// gradient.
struct Correlation {
    neurons: usize,
    time: usize,
}

/// Sums of one row or of one neuron.
#[derive(Clone, Copy)]
struct Sums<F> {
    rate: F,
    target: F,
    product: F,
    /// About 0 rather than the mean.
    rate_about_zero: F,
    target_about_zero: F,
}

impl<F: Real> Sums<F> {
    const ZERO: Self = Self {
        rate: F::ZERO,
        target: F::ZERO,
        product: F::ZERO,
        rate_about_zero: F::ZERO,
        target_about_zero: F::ZERO,
    };

    fn add(&mut self, other: &Self) {
        self.rate += other.rate;
        self.target += other.target;
        self.product += other.product;
        self.rate_about_zero += other.rate_about_zero;
        self.target_about_zero += other.target_about_zero;
    }

    fn varies(&self) -> bool {
        self.rate > rounding(self.rate_about_zero) && self.target > rounding(self.target_about_zero)
    }
}

impl Kernel<3> for Correlation {
    const NAME: &'static str = CORRELATION;

    fn shape(&self) -> Shape {
        ().into()
    }

    fn forward<F: Real>(&self, [rate, target, mask]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Self { neurons, time } = *self;
        let size = neurons * time;
        let work: Vec<_> =
            rate.chunks_exact(size).zip(target.chunks_exact(size)).zip(mask.chunks_exact(size)).collect();
        let of_stimuli = parallel::map(work, |((rate, target), mask)| {
            let rows = rate.chunks_exact(time).zip(target.chunks_exact(time)).zip(mask.chunks_exact(time));
            rows.map(|((rate, target), mask)| sums_of_row(rate, target, mask)).collect::<Vec<_>>()
        });
        let mut of_neurons = vec![Sums::<F>::ZERO; neurons];
        for of_stimulus in &of_stimuli {
            of_neurons.iter_mut().zip(of_stimulus).for_each(|(total, (sums, _))| total.add(sums));
        }
        let n = F::of(of_neurons.iter().filter(|sums| sums.varies()).count() as f64);
        let mut loss = F::ZERO;
        let mut slopes = Vec::with_capacity(2 * neurons);
        for sums in &of_neurons {
            if sums.varies() {
                let scale = F::ONE / (sums.rate.root() * sums.target.root());
                let r = sums.product * scale;
                loss += -r / n;
                slopes.extend([-scale / n, r / (sums.rate * n)]);
            } else {
                slopes.extend([F::ZERO; 2]);
            }
        }
        if let Some(tape) = tape {
            tape.extend(of_stimuli.iter().flatten().flat_map(|(_, means)| *means));
            tape.extend(slopes);
        }
        vec![loss]
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let neurons = self.neurons;
        let upstream = call.grad[0];
        let (means, slopes) = call.tape.split_at(call.tape.len() - 2 * neurons);
        let pair = |of: &[F], i: usize| [of[2 * i], of[2 * i + 1]];
        let of_row =
            |[stimulus, neuron]: [usize; 2], [rate, target, mask]: [&[F]; 3], row: &mut [MaybeUninit<F>]| {
                let slopes = pair(slopes, neuron).map(|slope| upstream * slope);
                slope_row(rate, target, mask, pair(means, stimulus * neurons + neuron), slopes, row);
            };
        // SAFETY: `slope_row` writes its whole row.
        #[allow(unsafe_code, reason = "results are written once")]
        let rate_grad = unsafe { rate_gradient([neurons, self.time], call.inputs, of_row) };
        // Target and mask come detached and want no gradient.
        [rate_grad, Vec::new(), Vec::new()]
    }
}

multiversion! {
    fn sums_of_row<F, M>(rate: &[F], target: &[F], mask: &[F]) -> (Sums<F>, [F; 2]) {
        let n = mask.len();
        let (rate, target) = (&rate[..n], &target[..n]);
        let count = fold(n, |i, sum: F| sum + where_valid(mask[i], F::ONE)).at_least(F::ONE);
        let mean_rate = fold(n, |i, sum: F| sum + where_valid(mask[i], rate[i])) / count;
        let mean_target = fold(n, |i, sum: F| sum + where_valid(mask[i], target[i])) / count;
        let rate_at = |i: usize| where_valid(mask[i], rate[i] - mean_rate);
        let target_at = |i: usize| where_valid(mask[i], target[i] - mean_target);
        let sums = Sums {
            rate: fold(n, |i, sum: F| M::mul_add(rate_at(i), rate_at(i), sum)),
            target: fold(n, |i, sum: F| M::mul_add(target_at(i), target_at(i), sum)),
            product: fold(n, |i, sum: F| M::mul_add(rate_at(i), target_at(i), sum)),
            rate_about_zero: count * mean_rate * mean_rate,
            target_about_zero: count * mean_target * mean_target,
        };
        (sums, [mean_rate, mean_target])
    }
}

multiversion! {
    fn slope_row<F, M>(
        rate: &[F], target: &[F], mask: &[F], means: [F; 2], slopes: [F; 2], rate_grad: &mut [MaybeUninit<F>],
    ) {
        for (((rate_grad, rate), target), mask) in rate_grad.iter_mut().zip(rate).zip(target).zip(mask) {
            let of_target = (*target - means[1]) * slopes[0];
            rate_grad.write(where_valid(*mask, M::mul_add(*rate - means[0], slopes[1], of_target)));
        }
    }
}
