//! The double exponential curve: an asymmetric sigmoid (Thorson et al. 2015).
//!
//! ```text
//! y = scale w + offset,    w = exp(-e^u),    u = slope x - shift
//! e = -g scale w e^u    gx = slope e    gslope = sum e x    gshift = -sum e    gscale = sum g w    goffset = sum g
//! ```
//! It rises with x where slope is negative.

use candle_core::Tensor;

use super::{
    arguments::DOUBLE_EXPONENTIAL,
    cpu::{Curve, MAX_PARAMETERS},
    curved::run,
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// scale exp(-exp(slope x - shift)) + offset, with the parameters of each neuron.
///
/// - `x`: (B, N, T).  `slope`, `shift`, `scale`, `offset`: (N).
/// - Returns (B, N, T).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[0f64, 1e6]]], &Device::Cpu)?;
/// let p = |value: f64| Tensor::new(&[value], &Device::Cpu);
/// let y = statenet_kernels::double_exponential_curve(&x, &p(1.0)?, &p(0.0)?, &p(1.0)?, &p(0.0)?)?;
/// let y = y.flatten_all()?.to_vec1::<f64>()?;
/// assert!((y[0] - (-1f64).exp()).abs() < 1e-15);
/// assert_eq!(y[1], 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn double_exponential_curve(
    x: &Tensor,
    slope: &Tensor,
    shift: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
) -> Result<Tensor> {
    let parameters = &[("slope", slope), ("shift", shift), ("scale", scale), ("offset", offset)];
    run::<DoubleExponentialCurve>(x, parameters, || {
        reference::double_exponential_curve(x, slope, shift, scale, offset)
    })
}

/// Parameters: slope, shift, scale, offset.
pub(super) struct DoubleExponentialCurve;

impl Curve for DoubleExponentialCurve {
    const NAME: &'static str = DOUBLE_EXPONENTIAL;
    const PARAMETERS: usize = 4;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(x: F, [slope, shift, scale, offset]: [F; MAX_PARAMETERS]) -> F {
        let w = (-M::mul_add(slope, x, -shift).exp::<M>()).exp::<M>();
        M::mul_add(w, scale, offset)
    }

    #[inline(always)]
    fn slopes<F: Real, M: MulAdd>(
        x: F,
        [slope, shift, scale, _]: [F; MAX_PARAMETERS],
    ) -> (F, [F; MAX_PARAMETERS]) {
        let e = M::mul_add(slope, x, -shift).exp::<M>();
        let w = (-e).exp::<M>();
        // w vanishes long before e^u overflows; infinity times 0 would be no number.
        let d = if w > F::ZERO { -scale * w * e } else { w };
        (slope * d, [d * x, -d, w, F::ONE])
    }
}
