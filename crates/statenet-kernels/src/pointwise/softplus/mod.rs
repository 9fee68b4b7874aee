//! The softplus function, in the one form that neither overflows nor loses small values.
//!
//! ```text
//! sp(x) = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|)        sp'(x) = sigmoid(x)
//! ```

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "softplus";

fn check(x: &Tensor) -> Result<()> {
    Check::new(OP).dtypes(&[("x", x)])
}

/// ln(1 + e^x), element by element.
///
/// - `x`: any shape.
/// - Returns the same shape. Finite for every finite x, positive down to the smallest number of the dtype.
///
/// # Errors
/// [`Error::DType`](crate::Error::DType) or [`Error::Device`](crate::Error::Device).
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let y = statenet_kernels::softplus(&Tensor::new(&[0f64, 1000.0], &Device::Cpu)?)?.to_vec1::<f64>()?;
/// assert!((y[0] - 2f64.ln()).abs() < 1e-15);
/// assert_eq!(y[1], 1000.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    check(x)?;
    run(cpu::Softplus(x.shape().clone()), [Input::one("x", x)], Ok, || reference::softplus(x))
}
