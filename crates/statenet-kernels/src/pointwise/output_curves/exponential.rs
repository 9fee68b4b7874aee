//! The exponential curve: the canonical one of Poisson counts, linear above a limit.
//!
//! ```text
//! y = scale e(u) + offset,    u = slope x,    e(u) = exp(u) up to u = 10, then its tangent
//! gx = g scale slope e'    gslope = sum g scale x e'    gscale = sum g e(u)    goffset = sum g,    e' = exp(min(u, 10))
//! ```
//! The tangent keeps the rate finite for sounds louder than all that were fitted: at 10 the curve is 22,026 times as high as
//! at 0.

use candle_core::Tensor;

use super::{
    arguments::{EXPONENTIAL, STRAIGHT_FROM},
    cpu::{Curve, MAX_PARAMETERS},
    curved::run,
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// scale exp(slope x) + offset, with the parameters of each neuron; straight where slope x is above 10.
///
/// - `x`: (B, N, T).  `slope`, `scale`, `offset`: (N).
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
/// let x = Tensor::new(&[[[0f64, 1.0, 11.0]]], &Device::Cpu)?;
/// let p = |value: f64| Tensor::new(&[value], &Device::Cpu);
/// let y = statenet_kernels::exponential_curve(&x, &p(1.0)?, &p(2.0)?, &p(3.0)?)?;
/// let y = y.flatten_all()?.to_vec1::<f64>()?;
/// assert_eq!(y[0], 5.0);
/// assert!((y[1] - (2.0 * 1f64.exp() + 3.0)).abs() < 1e-15);
/// assert!((y[2] - (2.0 * 2.0 * 10f64.exp() + 3.0)).abs() < 1e-10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn exponential_curve(x: &Tensor, slope: &Tensor, scale: &Tensor, offset: &Tensor) -> Result<Tensor> {
    let parameters = &[("slope", slope), ("scale", scale), ("offset", offset)];
    run::<ExponentialCurve>(x, parameters, || reference::exponential_curve(x, slope, scale, offset))
}

/// Parameters: slope, scale, offset.
pub(super) struct ExponentialCurve;

impl ExponentialCurve {
    /// e(u) and its derivative.
    #[inline(always)]
    fn rise<F: Real, M: MulAdd>(u: F) -> (F, F) {
        let most = F::of(STRAIGHT_FROM);
        let curved = if u > most { most } else { u };
        let slope = curved.exp::<M>();
        (M::mul_add(slope, u - curved, slope), slope)
    }
}

impl Curve for ExponentialCurve {
    const NAME: &'static str = EXPONENTIAL;
    const PARAMETERS: usize = 3;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(x: F, [slope, scale, offset, _]: [F; MAX_PARAMETERS]) -> F {
        M::mul_add(Self::rise::<F, M>(slope * x).0, scale, offset)
    }

    #[inline(always)]
    fn slopes<F: Real, M: MulAdd>(x: F, [slope, scale, ..]: [F; MAX_PARAMETERS]) -> (F, [F; MAX_PARAMETERS]) {
        let (e, d) = Self::rise::<F, M>(slope * x);
        let d = scale * d;
        (slope * d, [d * x, e, F::ONE, F::ZERO])
    }
}
