//! One signal gated by the SiLU of another, as behind Mamba's scan (Gu & Dao 2023).
//!
//! ```text
//! y = x z s(z), s the logistic function         gx = gy z s(z)        gz = gy x s(z) (1 + z (1 - s(z)))
//! ```

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::{Dims, Error, Result},
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "silu_gate";

fn check(x: &Tensor, z: &Tensor) -> Result<()> {
    if x.dims() != z.dims() {
        let expected = Dims(x.dims().iter().map(|&d| Some(d)).collect());
        return Err(Error::Shape { op: OP, argument: "z", got: z.dims().into(), expected });
    }
    Check::new(OP).dtypes(&[("x", x), ("z", z)])
}

/// x silu(z), element by element.
///
/// - `x`, `z`: one shape, any.
/// - Returns the same shape.
///
/// # Errors
/// [`Error::Shape`], [`Error::DType`] or [`Error::Device`] by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let (x, z) = (Tensor::new(&[2f64, 3.0], &Device::Cpu)?, Tensor::new(&[0f64, 1e3], &Device::Cpu)?);
/// assert_eq!(statenet_kernels::silu_gate(&x, &z)?.to_vec1::<f64>()?, [0.0, 3e3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn silu_gate(x: &Tensor, z: &Tensor) -> Result<Tensor> {
    check(x, z)?;
    run(cpu::SiluGate(x.shape().clone()), [Input::one("x", x), Input::one("z", z)], Ok, || {
        reference::silu_gate(x, z)
    })
}
