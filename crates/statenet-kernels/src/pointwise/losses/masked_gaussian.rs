//! The masked negative log-likelihood of Gaussian responses with a variance of each neuron.
//!
//! ```text
//! loss = mean over neurons n with C[n] > 0 of  1/C[n] sum_{b,t valid} 1/2 ((rate - target)^2 e^-s[n] + s[n])
//! ```
//! s the logarithm of the variance, C\[n\] the valid bins. Without the constant ln(2 pi) / 2.

use candle_core::Tensor;

use super::{
    masked::GAUSSIAN,
    reference,
    with_parameter::{ParameterTerm, run},
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// Gaussian loss with one variance per neuron over valid bins, then over neurons.
///
/// The variance does not change over time (the noise is homoscedastic within a neuron); at the least loss it is the mean
/// squared error of the neuron, so that noisy neurons weigh less than quiet ones.
///
/// - `rate`, `target`, `mask`: (B, N, T); a bin is valid where the mask is not 0.
/// - `log_variance`: (N), in the square of the target's unit.
/// - Returns a scalar; 0 with a zero gradient if no bin is valid at all. `rate` and `log_variance` get gradients.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let rate = Tensor::new(&[[[1f64, 2.0, 9.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[1f64, 4.0, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 1.0, 0.0]]], &Device::Cpu)?;
/// let variance_1 = Tensor::new(&[0f64], &Device::Cpu)?;
/// let loss = statenet_kernels::masked_gaussian(&rate, &target, &mask, &variance_1)?;
/// assert_eq!(loss.to_scalar::<f64>()?, 1.0); // half of the mean of 0 and 4
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn masked_gaussian(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    log_variance: &Tensor,
) -> Result<Tensor> {
    let plain = || reference::masked_gaussian(rate, target, mask, log_variance);
    run::<Gaussian>(rate, target, mask, log_variance, plain)
}

/// 1/2 ((rate - target)^2 e^-s + s).
pub(super) struct Gaussian;

/// What a bin needs of the logarithm of the variance.
#[derive(Clone, Copy)]
pub(super) struct KnownVariance<F> {
    log: F,
    precision: F,
}

impl ParameterTerm for Gaussian {
    const NAME: &'static str = GAUSSIAN;
    const PARAMETER: &'static str = "log_variance";
    type Known<F: Real> = KnownVariance<F>;

    #[inline(always)]
    fn known<F: Real, M: MulAdd>(log: F) -> KnownVariance<F> {
        KnownVariance { log, precision: (-log).exp::<M>() }
    }

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownVariance<F>) -> F {
        let d = rate - target;
        F::of(0.5) * M::mul_add(d * d, known.precision, known.log)
    }

    #[inline(always)]
    fn by_rate<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownVariance<F>) -> F {
        (rate - target) * known.precision
    }

    #[inline(always)]
    fn by_parameter<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownVariance<F>) -> F {
        let d = rate - target;
        F::of(0.5) * (F::ONE - d * d * known.precision)
    }
}
