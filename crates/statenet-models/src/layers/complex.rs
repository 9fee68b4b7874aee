//! Complex numbers as pairs of real tensors, with the operations that state spaces need.

use candle_core::{D, Result, Tensor};

/// Real and imaginary part, of one shape. Operations broadcast.
#[derive(Clone, Debug)]
pub(crate) struct Complex {
    pub(crate) re: Tensor,
    pub(crate) im: Tensor,
}

impl Complex {
    /// From pairs along the last axis.
    pub(crate) fn of_pairs(pairs: &Tensor) -> Result<Self> {
        let part = |i| pairs.narrow(D::Minus1, i, 1)?.squeeze(D::Minus1);
        Ok(Self { re: part(0)?, im: part(1)? })
    }

    /// To pairs along a last axis of its own.
    pub(crate) fn to_pairs(&self) -> Result<Tensor> {
        Tensor::stack(&[&self.re, &self.im], D::Minus1)
    }

    pub(crate) fn times(&self, other: &Self) -> Result<Self> {
        let product = |a: &Tensor, b: &Tensor| a.broadcast_mul(b);
        Ok(Self {
            re: (product(&self.re, &other.re)? - product(&self.im, &other.im)?)?,
            im: (product(&self.re, &other.im)? + product(&self.im, &other.re)?)?,
        })
    }

    pub(crate) fn minus(&self, other: &Self) -> Result<Self> {
        Ok(Self { re: self.re.broadcast_sub(&other.re)?, im: self.im.broadcast_sub(&other.im)? })
    }

    /// Times a real tensor.
    pub(crate) fn scaled(&self, real: &Tensor) -> Result<Self> {
        Ok(Self { re: self.re.broadcast_mul(real)?, im: self.im.broadcast_mul(real)? })
    }

    /// a z + b, a and b real numbers.
    pub(crate) fn affine(&self, a: f64, b: f64) -> Result<Self> {
        Ok(Self { re: self.re.affine(a, b)?, im: (&self.im * a)? })
    }

    pub(crate) fn conj(&self) -> Result<Self> {
        Ok(Self { re: self.re.clone(), im: self.im.neg()? })
    }

    /// |z|^2, real.
    pub(crate) fn squared(&self) -> Result<Tensor> {
        self.re.sqr()? + self.im.sqr()?
    }

    /// 1 / z.
    pub(crate) fn recip(&self) -> Result<Self> {
        self.conj()?.scaled(&self.squared()?.recip()?)
    }

    pub(crate) fn exp(&self) -> Result<Self> {
        let size = self.re.exp()?;
        Ok(Self { re: (&size * self.im.cos()?)?, im: (size * self.im.sin()?)? })
    }

    /// Re of the sum over the last axis, which stays with one entry.
    pub(crate) fn sum_re(&self) -> Result<Tensor> {
        self.re.sum_keepdim(D::Minus1)
    }
}
