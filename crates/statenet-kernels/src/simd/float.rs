//! The two kinds of numbers that the operations compute with.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use candle_core::WithDType;

use crate::simd::{dispatch::MulAdd, math};

/// Numbers that the loops handle side by side: one 256-bit vector of f32.
pub(crate) const LANES: usize = 8;

/// f32 or f64 with the elementary functions the operations need.
///
/// Those of f32 are branch-free polynomials ([`functions`]) that the compiler vectorises; those of f64,
/// which serve the checks of gradients, are the standard library's.
pub(crate) trait Real:
    WithDType
    + Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + Neg<Output = Self>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + 'static
{
    /// Whether loops over it are compiled for wide vectors too ([`multiversion!`](crate::simd::dispatch)).
    const WIDE: bool;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The nearest number of this kind.
    fn of(x: f64) -> Self;
    /// |x|.
    fn magnitude(self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// self b + c with one rounding.
    fn fused(self, b: Self, c: Self) -> Self;
    /// e^x.
    fn exp<M: MulAdd>(self) -> Self;
    /// 2^x; f32 is held within \[2^-126, 2^127\].
    fn exp2<M: MulAdd>(self) -> Self;
    /// 1 / (1 + e^-x).
    fn sigmoid<M: MulAdd>(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh<M: MulAdd>(self) -> Self;
    /// ln(1 + x) for x in \[0, 1\].
    fn ln_1p<M: MulAdd>(self) -> Self;
    /// The natural logarithm of a positive normal number.
    fn ln<M: MulAdd>(self) -> Self;

    /// The larger of two numbers; NaN if `self` is.
    #[inline(always)]
    fn at_least(self, floor: Self) -> Self {
        if self < floor { floor } else { self }
    }

    /// sp(x) and its derivative sigmoid(x), which share e^-|x|.
    #[inline(always)]
    fn softplus<M: MulAdd>(self) -> (Self, Self) {
        let small = (-self.magnitude()).exp::<M>();
        let inverse = Self::ONE / (Self::ONE + small);
        let slope = if self < Self::ZERO { small * inverse } else { inverse };
        (self.at_least(Self::ZERO) + small.ln_1p::<M>(), slope)
    }
}

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
