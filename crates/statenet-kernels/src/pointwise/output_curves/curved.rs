//! The way from a curve of one number to an operation.

use std::marker::PhantomData;

use candle_core::Tensor;

use super::{
    arguments::check,
    cpu::{Curve, Curved},
};
use crate::{
    error::Result,
    tensor::driver::{self, Input},
};

/// Checks the arguments of the curve `C` and computes it.
pub(super) fn run<C: Curve>(
    x: &Tensor,
    parameters: &[(&'static str, &Tensor)],
    plain: impl FnOnce() -> Result<Tensor>,
) -> Result<Tensor> {
    let sizes = check(C::NAME, x, parameters)?;
    driver::run(
        Curved::<C> { sizes, curve: PhantomData },
        [Input::one("x", x), Input::packed(parameters.iter().copied())],
        Ok,
        plain,
    )
}
