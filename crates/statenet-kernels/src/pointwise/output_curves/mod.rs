//! Output curves: what turns a readout into a firing rate, with parameters of each neuron.
//!
//! All take (B, N, T) and parameters (N); parameters that a model keeps positive arrive as the positive
//! values. Value and gradient of each element are computed in one pass along contiguous time.

mod cpu;
mod double_exponential;
mod exponential;
pub(crate) mod reference;
mod sigmoid;
mod softplus;
pub(crate) mod step;

use std::marker::PhantomData;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};

pub use double_exponential::double_exponential_curve;
pub use exponential::exponential_curve;
pub use sigmoid::sigmoid_curve;
pub use softplus::softplus_curve;

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) neurons: usize,
    pub(crate) time: usize,
}

fn check(op: &'static str, x: &Tensor, parameters: &[(&'static str, &Tensor)]) -> Result<Sizes> {
    let check = Check::new(op);
    let [batch, neurons, time] = check.dims("x", x, [None; 3])?;
    check.dtypes(&[("x", x)])?;
    for (argument, parameter) in parameters {
        check.dims(argument, parameter, [Some(neurons)])?;
        check.dtype(argument, parameter, x)?;
    }
    Ok(Sizes { batch, neurons, time })
}

/// Checks the arguments of the curve `C` and computes it.
fn run<C: cpu::Curve>(
    x: &Tensor,
    parameters: &[(&'static str, &Tensor)],
    plain: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    let sizes = check(C::NAME, x, parameters)?;
    driver::run(
        cpu::Curved::<C> { sizes, curve: PhantomData },
        [Input::one("x", x), Input::packed(parameters.iter().copied())],
        Ok,
        plain,
    )
}
