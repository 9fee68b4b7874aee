//! Numbers left out of a training pass (Srivastava et al. 2014).
//!
//! ```text
//! y = x kept        gx = gy kept        kept: 0 for a number left out, 1 / (1 - share) for the others
//! ```
//! A product of two tensors, but that Candle would compute and hold a gradient of `kept` as well.

mod cpu;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::{Dims, Error, Result},
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "dropout";

fn check(x: &Tensor, kept: &Tensor) -> Result<()> {
    if x.dims() != kept.dims() {
        let expected = Dims(x.dims().iter().map(|&d| Some(d)).collect());
        return Err(Error::Shape { op: OP, argument: "kept", got: kept.dims().into(), expected });
    }
    Check::new(OP).dtypes(&[("x", x), ("kept", kept)])
}

/// x with some of its numbers left out, and the others scaled up.
///
/// - `x`: any shape.  `kept`: the same; 0 for a number left out, 1 / (1 - share) for the others. Gets no gradient.
/// - Returns the same shape.
///
/// # Errors
/// [`Error::Shape`], [`Error::DType`] or [`Error::Device`] by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let (x, kept) = (Tensor::new(&[2f64, 3.0], &Device::Cpu)?, Tensor::new(&[0f64, 2.0], &Device::Cpu)?);
/// assert_eq!(statenet_kernels::dropout(&x, &kept)?.to_vec1::<f64>()?, [0.0, 6.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dropout(x: &Tensor, kept: &Tensor) -> Result<Tensor> {
    check(x, kept)?;
    let inputs = [Input::one("x", x), Input::one("kept", kept).constant()];
    run(cpu::Dropout(x.shape().clone()), inputs, Ok, || reference::dropout(x, kept))
}
