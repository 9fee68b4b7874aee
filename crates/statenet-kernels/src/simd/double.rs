//! f64, which serves the checks of gradients: elementary functions are the standard library's.

use crate::simd::float::{MulAdd, Real};

impl Real for f64 {
    const WIDE: bool = false;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x
    }
    #[inline(always)]
    fn magnitude(self) -> Self {
        self.abs()
    }
    #[inline(always)]
    fn root(self) -> Self {
        Self::sqrt(self)
    }
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        Self::mul_add(self, b, c)
    }
    #[inline(always)]
    fn exp<M: MulAdd>(self) -> Self {
        Self::exp(self)
    }
    #[inline(always)]
    fn exp2<M: MulAdd>(self) -> Self {
        Self::exp2(self)
    }
    #[inline(always)]
    fn sigmoid<M: MulAdd>(self) -> Self {
        1.0 / (1.0 + Self::exp(-self))
    }
    #[inline(always)]
    fn tanh<M: MulAdd>(self) -> Self {
        Self::tanh(self)
    }
    #[inline(always)]
    fn ln_1p<M: MulAdd>(self) -> Self {
        Self::ln_1p(self)
    }
    #[inline(always)]
    fn ln<M: MulAdd>(self) -> Self {
        Self::ln(self)
    }
}
