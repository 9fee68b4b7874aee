//! Names of the curves, and the checks of their arguments.

use candle_core::Tensor;

use crate::{error::Result, tensor::arguments::Check};

pub(super) const SOFTPLUS: &str = "softplus_curve";
pub(super) const SIGMOID: &str = "sigmoid_curve";
pub(super) const EXPONENTIAL: &str = "exponential_curve";
pub(super) const DOUBLE_EXPONENTIAL: &str = "double_exponential_curve";

/// The u above which the exponential curve is linear.
pub(super) const STRAIGHT_FROM: f64 = 10.0;

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) neurons: usize,
    pub(crate) time: usize,
}

/// Parameters are (N) each, for x (B, N, T).
pub(super) fn check(op: &'static str, x: &Tensor, parameters: &[(&'static str, &Tensor)]) -> Result<Sizes> {
    let check = Check::new(op);
    let [batch, neurons, time] = check.dims("x", x, [None; 3])?;
    check.dtypes(&[("x", x)])?;
    for (argument, parameter) in parameters {
        check.dims(argument, parameter, [Some(neurons)])?;
        check.dtype(argument, parameter, x)?;
    }
    Ok(Sizes { batch, neurons, time })
}
