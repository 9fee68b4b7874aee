//! The masked negative log-likelihood of Poisson counts.
//!
//! ```text
//! loss = mean over neurons n with C[n] > 0 of  1/C[n] sum_{b,t valid} (rate - target ln(max(rate, e) + e))
//! ```
//! e = 1e-8, C\[n\] the valid bins. Up to terms that do not depend on the rate.

use candle_core::Tensor;

use super::{
    cpu::Term,
    masked::{FLOOR, POISSON, run},
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// Poisson loss over valid bins, then over neurons.
///
/// - `rate`: (B, N, T), expected counts per bin.  `target`, `mask`: (B, N, T); a bin is valid where the mask
///   is not 0.
/// - Returns a scalar; 0 with a zero gradient if no bin is valid at all. Only `rate` gets a gradient.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let rate = Tensor::new(&[[[1f64, 2.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[3f64, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 0.0]]], &Device::Cpu)?;
/// let loss = statenet_kernels::masked_poisson(&rate, &target, &mask)?.to_scalar::<f64>()?;
/// assert!((loss - 1.0).abs() < 1e-7); // 1 - 3 ln 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn masked_poisson(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    run::<Poisson>(rate, target, mask, reference::masked_poisson)
}

/// rate - target ln(max(rate, e) + e). Below the floor only the linear part has a slope.
struct Poisson;

impl Term for Poisson {
    const NAME: &'static str = POISSON;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(rate: F, target: F) -> F {
        let floor = F::of(FLOOR);
        rate - target * (rate.at_least(floor) + floor).ln::<M>()
    }

    #[inline(always)]
    fn slope<F: Real, M: MulAdd>(rate: F, target: F) -> F {
        let floor = F::of(FLOOR);
        let pull = target / (rate.at_least(floor) + floor);
        F::ONE - if rate < floor { F::ZERO } else { pull }
    }
}
