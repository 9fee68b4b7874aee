//! The masked losses by Candle's selections and sums.

use candle_core::{DType, Tensor};

use super::{
    masked::{CORRELATION, FLOOR, GAUSSIAN, MSE, NEGATIVE_BINOMIAL, POISSON, check},
    masked_correlation::ROUNDING,
    masked_gaussian::Gaussian,
    masked_negative_binomial::{NegativeBinomial, SHIFT, STIRLING},
    with_parameter::check_all,
};
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

/// [`masked_correlation`](crate::masked_correlation) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn masked_correlation(rate: &Tensor, target: &Tensor, mask: &Tensor) -> Result<Tensor> {
    check(CORRELATION, rate, target, mask)?;
    correlation(rate, target, mask).map_err(Error::in_op(CORRELATION))
}

/// [`masked_gaussian`](crate::masked_gaussian) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn masked_gaussian(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    log_variance: &Tensor,
) -> Result<Tensor> {
    check_all::<Gaussian>(rate, target, mask, log_variance)?;
    let term = || {
        let log = log_variance.reshape((1, (), 1))?;
        let precision = log.neg()?.exp()?;
        mean(rate, target, mask, |rate, target| {
            (rate - target)?.sqr()?.broadcast_mul(&precision)?.broadcast_add(&log)? * 0.5
        })
    };
    term().map_err(Error::in_op(GAUSSIAN))
}

/// [`masked_negative_binomial`](crate::masked_negative_binomial) from plain tensors, on any device.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn masked_negative_binomial(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    log_dispersion: &Tensor,
) -> Result<Tensor> {
    check_all::<NegativeBinomial>(rate, target, mask, log_dispersion)?;
    let term = || {
        let log = log_dispersion.reshape((1, (), 1))?;
        mean(rate, target, mask, |rate, target| negative_binomial(rate, target, &log))
    };
    term().map_err(Error::in_op(NEGATIVE_BINOMIAL))
}

/// The term of a bin; `log` is (1, N, 1).
fn negative_binomial(rate: &Tensor, target: &Tensor, log: &Tensor) -> candle_core::Result<Tensor> {
    let (dispersion, size) = (log.exp()?, log.neg()?.exp()?);
    let x = rate.broadcast_mul(&dispersion)?;
    let zeros = x.zeros_like()?;
    let spread = x.lt(0.0)?.where_cond(&x, &ln_1p(&x.maximum(&zeros)?)?)?;
    let spread = (target.broadcast_add(&size)? * spread)?;
    let floor = (rate.zeros_like()? + FLOOR)?;
    let pull = (target * (rate.maximum(&floor)? + FLOOR)?.log()?)?;
    let shifted = (&size + SHIFT as f64)?;
    let above = target.broadcast_add(&shifted)?;
    let mut gammas = ((&above - 0.5)? * ln_1p(&target.broadcast_div(&shifted)?)?)?;
    gammas = ((gammas - target)? + target.broadcast_mul(&ln_1p(&(&dispersion * SHIFT as f64)?)?)?)?;
    gammas = (gammas + stirling(&above)?.broadcast_sub(&stirling(&shifted)?)?)?;
    for i in 0..SHIFT {
        gammas = (gammas - ln_1p(&target.broadcast_div(&(&size + i as f64)?)?)?)?;
    }
    (spread - pull)? - gammas
}

/// ln(1 + x) for x >= 0: Candle has the logarithm only.
fn ln_1p(x: &Tensor) -> candle_core::Result<Tensor> {
    let mut series = (x.zeros_like()? + 1.0 / 7.0)?;
    for n in (1..7).rev() {
        series = ((series * x)?.neg()? + 1.0 / f64::from(n))?;
    }
    x.lt(0.03)?.where_cond(&(series * x)?, &(x + 1.0)?.log()?)
}

/// 1/(12 x) - 1/(360 x^3) + ...
fn stirling(x: &Tensor) -> candle_core::Result<Tensor> {
    let inverse = x.recip()?;
    let square = inverse.sqr()?;
    let mut series = square.zeros_like()?;
    for coefficient in STIRLING.into_iter().rev() {
        series = ((series * &square)? + coefficient)?;
    }
    series * inverse
}

/// Minus the mean correlation of the neurons of which rate and target vary.
fn correlation(rate: &Tensor, target: &Tensor, mask: &Tensor) -> candle_core::Result<Tensor> {
    let (rate, target) = (rate.contiguous()?, target.detach().contiguous()?);
    let valid = mask.detach().ne(0.0)?.contiguous()?;
    let zeros = rate.zeros_like()?;
    let weights = valid.to_dtype(rate.dtype())?;
    let count = weights.sum_keepdim(2)?;
    let count = count.maximum(&count.ones_like()?)?;
    // Deviations within each stimulus, and the sum of squares of what was taken off.
    let centred = |x: &Tensor| {
        let x = valid.where_cond(x, &zeros)?;
        let mean = (x.sum_keepdim(2)? / &count)?;
        let off = (mean.sqr()? * &count)?.sum((0, 2))?;
        candle_core::Result::Ok(((x.broadcast_sub(&mean)? * &weights)?, off))
    };
    let ((rate, rate_off), (target, target_off)) = (centred(&rate)?, centred(&target)?);
    let sum = |x: candle_core::Result<Tensor>| x?.sum((0, 2));
    let (squares, targets) = (sum(rate.sqr())?, sum(target.sqr())?);
    let products = sum(&rate * &target)?;
    let unit = if rate.dtype() == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let least = ROUNDING * unit * unit;
    let varies = (squares.gt(&(rate_off * least)?)? * targets.gt(&(target_off * least)?)?)?;
    let ones = squares.ones_like()?;
    let norm = varies.where_cond(&(&squares * targets)?, &ones)?.sqrt()?;
    let r = varies.where_cond(&(products / norm)?, &ones.zeros_like()?)?;
    let neurons = varies.to_dtype(r.dtype())?.sum_all()?;
    r.sum_all()?.neg()? / neurons.maximum(&ones.get(0)?)?
}

/// Mean over valid bins, then over neurons with one, of a term that is finite where rate and target are 0.
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
    let sums = valid.where_cond(&term(&rate, &target)?, &zeros)?.sum((0, 2))?;
    let ones = count.ones_like()?;
    let neurons = count.minimum(&ones)?.sum_all()?.maximum(&ones.get(0)?)?;
    (sums / count.maximum(&ones)?)?.sum_all()? / neurons
}
