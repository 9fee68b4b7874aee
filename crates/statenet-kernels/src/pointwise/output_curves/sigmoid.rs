//! The sigmoid curve: a rate with a floor and a ceiling.
//!
//! ```text
//! y = scale s + offset,    s = sigmoid(u),    u = (x - center) / width
//! gx = g scale s (1-s) / width    gcenter = -sum gx    gwidth = -sum gx u    gscale = sum g s    goffset = sum g
//! ```

use candle_core::Tensor;

use super::{
    arguments::SIGMOID,
    cpu::{Curve, MAX_PARAMETERS},
    curved::run,
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// scale sigmoid((x - center) / width) + offset, with the parameters of each neuron.
///
/// - `x`: (B, N, T).  `center`, `scale`, `offset`: (N).  `width`: (N), not 0.
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
/// let x = Tensor::new(&[[[1f64, 100.0]]], &Device::Cpu)?;
/// let p = |value: f64| Tensor::new(&[value], &Device::Cpu);
/// let y = statenet_kernels::sigmoid_curve(&x, &p(1.0)?, &p(0.5)?, &p(2.0)?, &p(3.0)?)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f64>()?, [4.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sigmoid_curve(
    x: &Tensor,
    center: &Tensor,
    width: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
) -> Result<Tensor> {
    let parameters = &[("center", center), ("width", width), ("scale", scale), ("offset", offset)];
    run::<SigmoidCurve>(x, parameters, || reference::sigmoid_curve(x, center, width, scale, offset))
}

/// Parameters: center, width, scale, offset.
pub(super) struct SigmoidCurve;

impl Curve for SigmoidCurve {
    const NAME: &'static str = SIGMOID;
    const PARAMETERS: usize = 4;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(x: F, [center, width, scale, offset]: [F; MAX_PARAMETERS]) -> F {
        M::mul_add(((x - center) / width).sigmoid::<M>(), scale, offset)
    }

    #[inline(always)]
    fn slopes<F: Real, M: MulAdd>(
        x: F,
        [center, width, scale, _]: [F; MAX_PARAMETERS],
    ) -> (F, [F; MAX_PARAMETERS]) {
        let u = (x - center) / width;
        let s = u.sigmoid::<M>();
        let slope = scale * s * (F::ONE - s) / width;
        (slope, [-slope, -slope * u, s, F::ONE])
    }
}
