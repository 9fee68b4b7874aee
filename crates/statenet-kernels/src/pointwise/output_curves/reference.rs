//! The output curves by Candle's elementary functions.

use candle_core::Tensor;

use super::arguments::{DOUBLE_EXPONENTIAL, EXPONENTIAL, SIGMOID, SOFTPLUS, STRAIGHT_FROM, check};
use crate::{
    error::{Error, Result},
    pointwise::softplus::reference as functions,
};

/// A parameter (N) as it meets (B, N, T).
fn per_neuron(parameter: &Tensor) -> candle_core::Result<Tensor> {
    parameter.reshape((1, parameter.elem_count(), 1))
}

/// [`softplus_curve`](crate::softplus_curve) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn softplus_curve(x: &Tensor, beta: &Tensor, offset: &Tensor) -> Result<Tensor> {
    check(SOFTPLUS, x, &[("beta", beta), ("offset", offset)])?;
    let compute = || -> candle_core::Result<Tensor> {
        let beta = per_neuron(beta)?;
        let soft = functions::plain(&x.broadcast_mul(&beta)?)?;
        soft.broadcast_div(&beta)?.broadcast_add(&per_neuron(offset)?)
    };
    compute().map_err(Error::in_op(SOFTPLUS))
}

/// [`sigmoid_curve`](crate::sigmoid_curve) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn sigmoid_curve(
    x: &Tensor,
    center: &Tensor,
    width: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
) -> Result<Tensor> {
    check(SIGMOID, x, &[("center", center), ("width", width), ("scale", scale), ("offset", offset)])?;
    let compute = || -> candle_core::Result<Tensor> {
        let u = x.broadcast_sub(&per_neuron(center)?)?.broadcast_div(&per_neuron(width)?)?;
        let s = functions::sigmoid(&u)?;
        s.broadcast_mul(&per_neuron(scale)?)?.broadcast_add(&per_neuron(offset)?)
    };
    compute().map_err(Error::in_op(SIGMOID))
}

/// [`double_exponential_curve`](crate::double_exponential_curve) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn double_exponential_curve(
    x: &Tensor,
    slope: &Tensor,
    shift: &Tensor,
    scale: &Tensor,
    offset: &Tensor,
) -> Result<Tensor> {
    let parameters = [("slope", slope), ("shift", shift), ("scale", scale), ("offset", offset)];
    check(DOUBLE_EXPONENTIAL, x, &parameters)?;
    let compute = || -> candle_core::Result<Tensor> {
        let u = x.broadcast_mul(&per_neuron(slope)?)?.broadcast_sub(&per_neuron(shift)?)?;
        // Beyond, w is 0 and so is its slope, but e^u would overflow and the product of the two be NaN.
        let ceiling = (u.zeros_like()? + 80.0)?;
        let w = u.minimum(&ceiling)?.exp()?.neg()?.exp()?;
        w.broadcast_mul(&per_neuron(scale)?)?.broadcast_add(&per_neuron(offset)?)
    };
    compute().map_err(Error::in_op(DOUBLE_EXPONENTIAL))
}

/// [`exponential_curve`](crate::exponential_curve) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn exponential_curve(x: &Tensor, slope: &Tensor, scale: &Tensor, offset: &Tensor) -> Result<Tensor> {
    check(EXPONENTIAL, x, &[("slope", slope), ("scale", scale), ("offset", offset)])?;
    let compute = || -> candle_core::Result<Tensor> {
        let u = x.broadcast_mul(&per_neuron(slope)?)?;
        let curved = u.minimum(&(u.zeros_like()? + STRAIGHT_FROM)?)?;
        let straight = ((&u - &curved)? + 1.0)?;
        let rise = (curved.exp()? * straight)?;
        rise.broadcast_mul(&per_neuron(scale)?)?.broadcast_add(&per_neuron(offset)?)
    };
    compute().map_err(Error::in_op(EXPONENTIAL))
}
