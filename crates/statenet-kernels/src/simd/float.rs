//! What a loop needs to know of the numbers it computes with and of how they are multiplied and added.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use candle_core::WithDType;

/// Numbers that the loops handle side by side: one 256-bit vector of f32.
pub(crate) const LANES: usize = 8;

/// How to compute a b + c: what a loop needs to know of the instruction set it is compiled for.
pub(crate) trait MulAdd: Copy + 'static {
    /// a b + c.
    fn mul_add<F: Real>(a: F, b: F, c: F) -> F;
}

/// Product and sum are rounded one after the other.
#[derive(Clone, Copy)]
#[cfg_attr(target_arch = "aarch64", allow(dead_code))]
pub(crate) struct Separate;

/// One rounding; only where the processor has an instruction for it, because the library call is slow.
#[derive(Clone, Copy)]
pub(crate) struct Fused;

impl MulAdd for Separate {
    #[inline(always)]
    fn mul_add<F: Real>(a: F, b: F, c: F) -> F {
        a * b + c
    }
}

impl MulAdd for Fused {
    #[inline(always)]
    fn mul_add<F: Real>(a: F, b: F, c: F) -> F {
        a.fused(b, c)
    }
}

/// f32 or f64 with the elementary functions the operations need.
///
/// Those of f32 are branch-free polynomials ([`math`](crate::simd::math)) that the compiler vectorises; those of f64,
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
