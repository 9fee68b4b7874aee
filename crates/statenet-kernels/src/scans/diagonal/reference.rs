//! The state-space recurrences unrolled into plain tensors, real and imaginary parts apart.

use candle_core::{D, Tensor};

use super::{OP, Sizes, check};
use crate::error::{Error, Result};

/// [`diagonal_scan`](crate::diagonal_scan()) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T below a
/// few thousand.
///
/// # Errors
/// As the fused operation, but that all arguments lie on one device is not checked.
pub fn diagonal_scan(
    u: &Tensor,
    a: &Tensor,
    b: &Tensor,
    c: &Tensor,
    s0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let sizes = check(u, a, b, c, s0)?;
    unroll(u, [a, b, c], None, s0, sizes).map_err(Error::in_op(OP))
}

/// Real and imaginary part of pairs along the last axis.
#[derive(Clone)]
struct Complex(Tensor, Tensor);

impl Complex {
    fn of(pairs: &Tensor) -> candle_core::Result<Self> {
        let part = |i| pairs.narrow(D::Minus1, i, 1)?.squeeze(D::Minus1)?.contiguous();
        Ok(Self(part(0)?, part(1)?))
    }

    /// 2 Re sum_n w s, (B, H).
    fn read(&self, s: &Self) -> candle_core::Result<Tensor> {
        let re = (s.0.broadcast_mul(&self.0)? - s.1.broadcast_mul(&self.1)?)?;
        re.sum(D::Minus1)? * 2.0
    }

    /// w x, where x is (B, H) and real.
    fn times_real(&self, x: &Tensor) -> candle_core::Result<Self> {
        let x = x.unsqueeze(D::Minus1)?;
        Ok(Self(x.broadcast_mul(&self.0)?, x.broadcast_mul(&self.1)?))
    }

    /// w s.
    fn times(&self, s: &Self) -> candle_core::Result<Self> {
        let re = (s.0.broadcast_mul(&self.0)? - s.1.broadcast_mul(&self.1)?)?;
        let im = (s.1.broadcast_mul(&self.0)? + s.0.broadcast_mul(&self.1)?)?;
        Ok(Self(re, im))
    }

    fn plus(&self, other: &Self) -> candle_core::Result<Self> {
        Ok(Self((&self.0 + &other.0)?, (&self.1 + &other.1)?))
    }
}

/// y and the last states; `low_rank` is the left and the right vector of the part of rank one.
pub(crate) fn unroll(
    u: &Tensor,
    [a, b, c]: [&Tensor; 3],
    low_rank: Option<[&Tensor; 2]>,
    s0: &Tensor,
    Sizes { time, .. }: Sizes,
) -> candle_core::Result<(Tensor, Tensor)> {
    let (a, b, c, mut s) = (Complex::of(a)?, Complex::of(b)?, Complex::of(c)?, Complex::of(s0)?);
    let low_rank = low_rank.map(|[left, right]| Ok((Complex::of(left)?, Complex::of(right)?)));
    let low_rank = low_rank.transpose().map_err(|error: candle_core::Error| error)?;
    let mut y = Vec::with_capacity(time);
    for t in 0..time {
        let u = u.narrow(1, t, 1)?.squeeze(1)?.contiguous()?;
        let mut after = a.times(&s)?.plus(&b.times_real(&u)?)?;
        if let Some((left, right)) = &low_rank {
            after = after.plus(&left.times_real(&right.read(&s)?)?)?;
        }
        s = after;
        y.push(c.read(&s)?);
    }
    Ok((Tensor::stack(&y, 1)?, Tensor::stack(&[&s.0, &s.1], D::Minus1)?))
}
