//! The softplus curve: a rectifier with a soft knee.
//!
//! ```text
//! y = sp(beta x) / beta + offset
//! gx = g s    gbeta = sum g (s x - sp(beta x) / beta) / beta    goffset = sum g,    s = sigmoid(beta x)
//! ```

use candle_core::Tensor;

use super::{
    arguments::SOFTPLUS,
    cpu::{Curve, MAX_PARAMETERS},
    curved::run,
    reference,
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// sp(beta x) / beta + offset, with the sharpness and the resting rate of each neuron.
///
/// - `x`: (B, N, T).  `beta`: (N), not 0.  `offset`: (N).
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
/// let x = Tensor::new(&[[[0f64]]], &Device::Cpu)?;
/// let (beta, offset) = (Tensor::new(&[2f64], &Device::Cpu)?, Tensor::new(&[1f64], &Device::Cpu)?);
/// let y = statenet_kernels::softplus_curve(&x, &beta, &offset)?.flatten_all()?.to_vec1::<f64>()?;
/// assert!((y[0] - (2f64.ln() / 2.0 + 1.0)).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn softplus_curve(x: &Tensor, beta: &Tensor, offset: &Tensor) -> Result<Tensor> {
    let parameters = &[("beta", beta), ("offset", offset)];
    run::<SoftplusCurve>(x, parameters, || reference::softplus_curve(x, beta, offset))
}

/// Parameters: beta, offset.
pub(super) struct SoftplusCurve;

impl Curve for SoftplusCurve {
    const NAME: &'static str = SOFTPLUS;
    const PARAMETERS: usize = 2;

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(x: F, [beta, offset, ..]: [F; MAX_PARAMETERS]) -> F {
        (beta * x).softplus::<M>().0 / beta + offset
    }

    #[inline(always)]
    fn slopes<F: Real, M: MulAdd>(x: F, [beta, ..]: [F; MAX_PARAMETERS]) -> (F, [F; MAX_PARAMETERS]) {
        let (soft, s) = (beta * x).softplus::<M>();
        (s, [(s * x - soft / beta) / beta, F::ONE, F::ZERO, F::ZERO])
    }
}
