//! f32: elementary functions are branch-free polynomials.

use crate::simd::{
    float::{MulAdd, Real},
    math,
};

impl Real for f32 {
    const WIDE: bool = true;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline(always)]
    fn of(x: f64) -> Self {
        x as Self
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
        math::exp::<M>(self)
    }
    #[inline(always)]
    fn exp2<M: MulAdd>(self) -> Self {
        math::exp2::<M>(self)
    }
    #[inline(always)]
    fn sigmoid<M: MulAdd>(self) -> Self {
        math::sigmoid::<M>(self)
    }
    #[inline(always)]
    fn tanh<M: MulAdd>(self) -> Self {
        math::tanh::<M>(self)
    }
    #[inline(always)]
    fn ln_1p<M: MulAdd>(self) -> Self {
        math::ln_1p::<M>(self)
    }
    #[inline(always)]
    fn ln<M: MulAdd>(self) -> Self {
        math::ln::<M>(self)
    }
}
