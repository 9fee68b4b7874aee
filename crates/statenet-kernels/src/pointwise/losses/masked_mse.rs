//! The masked mean squared error.
//!
//! ```text
//! loss = mean over neurons n with C[n] > 0 of  1/C[n] sum_{b,t valid} (rate - target)^2,    C[n] = valid bins
//! ```

use candle_core::Tensor;

use super::{
    cpu::Term,
    masked::{MSE, run},
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// Mean squared error over valid bins, then over neurons.
///
/// - `rate`, `target`, `mask`: (B, N, T); a bin is valid where the mask is not 0.
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
/// let rate = Tensor::new(&[[[1f32, 2.0, 9.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[1f32, 4.0, f32::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f32, 1.0, 0.0]]], &Device::Cpu)?;
/// let loss = statenet_kernels::masked_mse(&rate, &target, &mask)?;
/// assert_eq!(loss.to_scalar::<f32>()?, 2.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn masked_mse(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    run::<SquaredError>(rate, target, mask, reference::masked_mse)
}

/// (rate - target)^2.
struct SquaredError;

impl Term for SquaredError {
    const NAME: &'static str = MSE;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(rate: F, target: F) -> F {
        let d = rate - target;
        d * d
    }

    #[inline(always)]
    fn slope<F: Real, M: MulAdd>(rate: F, target: F) -> F {
        let d = rate - target;
        d + d
    }
}
