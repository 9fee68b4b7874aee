//! The masked losses by Candle's selections and sums.

use candle_core::Tensor;

use super::masked::{FLOOR, MSE, POISSON, check};
use crate::error::{Error, Result};

/// [`masked_mse`](crate::masked_mse) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn masked_mse(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    check(MSE, rate, target, mask)?;
    mean(rate, target, mask, |rate, target| (rate - target)?.sqr()).map_err(Error::in_op(MSE))
}

/// [`masked_poisson`](crate::masked_poisson) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn masked_poisson(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    check(POISSON, rate, target, mask)?;
    let term = |rate: &Tensor, target: &Tensor| {
        let floor = (rate.zeros_like()? + FLOOR)?;
        rate - (target * (rate.maximum(&floor)? + FLOOR)?.log()?)?
    };
    mean(rate, target, mask, term).map_err(Error::in_op(POISSON))
}

/// Mean over valid bins, then over neurons with one, of a term that is 0 where rate and target are.
fn mean(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    term: impl Fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>,
) -> candle_core::Result<Tensor> {
    let (rate, target) = (rate.contiguous()?, target.detach().contiguous()?);
    let valid = mask.detach().ne(0.0)?.contiguous()?;
    let zeros = rate.zeros_like()?;
    let rate = valid.where_cond(&rate, &zeros)?;
    let target = valid.where_cond(&target, &zeros)?;
    let count = valid.to_dtype(rate.dtype())?.sum((0, 2))?;
    let sums = term(&rate, &target)?.sum((0, 2))?;
    let ones = count.ones_like()?;
    let neurons = count.minimum(&ones)?.sum_all()?.maximum(&ones.get(0)?)?;
    (sums / count.maximum(&ones)?)?.sum_all()? / neurons
}
