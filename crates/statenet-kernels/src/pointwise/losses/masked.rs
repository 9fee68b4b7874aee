//! What the losses share: the checks of their arguments, and the way from a term to a loss.

use std::marker::PhantomData;

use candle_core::Tensor;

use super::cpu::{Masked, Term};
use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};

/// Names of the losses.
pub(super) const MSE: &str = "masked_mse";
pub(super) const POISSON: &str = "masked_poisson";
pub(super) const CORRELATION: &str = "masked_correlation";
pub(super) const GAUSSIAN: &str = "masked_gaussian";
pub(super) const NEGATIVE_BINOMIAL: &str = "masked_negative_binomial";

/// What keeps the logarithms of rates in losses of counts finite.
pub(super) const FLOOR: f64 = 1e-8;

/// The number of neurons and of bins.
pub(super) fn check(op: &'static str, rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<[usize; 2]> {
    let check = Check::new(op);
    let [batch, neurons, time] = check.dims("rate", rate, [None; 3])?;
    for (argument, tensor) in [("target", target), ("mask", mask)] {
        check.dims(argument, tensor, [Some(batch), Some(neurons), Some(time)])?;
    }
    check.dtypes(&[("rate", rate), ("target", target), ("mask", mask)])?;
    Ok([neurons, time])
}

/// Checks the arguments of the loss of terms `L` and computes it.
pub(super) fn run<L: Term>(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    plain: fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let [neurons, time] = check(L::NAME, rate, target, mask)?;
    driver::run(
        Masked::<L> { neurons, time, term: PhantomData },
        [
            Input::one("rate", rate),
            Input::one("target", target).constant(),
            Input::one("mask", mask).constant(),
        ],
        Ok,
        || plain(rate, target, mask),
    )
}
