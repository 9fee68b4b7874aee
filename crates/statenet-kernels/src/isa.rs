//! One source, compiled for the instruction sets that matter and chosen when the program runs.
//!
//! A binary built for plain x86-64 knows neither 256-bit vectors nor fused multiply-add. The macro
//! [`multiversion!`] compiles a loop twice, plainly and for AVX2 with FMA, and asks the processor once which
//! it can run; on AArch64 vectors and fused multiply-add belong to the base, so there is one version. The
//! loops themselves are plain safe code that the compiler vectorises. f64, which serves checks, has the plain version only:
//! that halves what there is to compile for it.

use crate::real::Real;

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

/// What the base of this target has.
#[cfg(target_arch = "aarch64")]
pub(crate) type Base = Fused;
/// What the base of this target has.
#[cfg(not(target_arch = "aarch64"))]
pub(crate) type Base = Separate;

/// Whether this processor has AVX2 and FMA; asked once, then a load and a branch.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

/// Defines a function `name::<F>(arguments)` whose body, generic over the float `F` and over [`MulAdd`], is
/// compiled for each instruction set. Whatever the body calls must be `#[inline(always)]` to be compiled with
/// it; further `const` parameters may follow the two types.
macro_rules! multiversion {
    (
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<$F:ident, $M:ident $(, const $C:ident: $K:ty)* $(; $G:ident: $Bound:path)*>(
            $($arg:ident: $ty:ty),* $(,)?
        ) $(-> $out:ty)? $body:block
    ) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "a loop over slices takes its slices and sizes")]
        $vis fn $name<$F: $crate::real::Real $(, const $C: $K)* $(, $G: $Bound)*>($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn body<$F: $crate::real::Real, $M: $crate::isa::MulAdd $(, const $C: $K)* $(, $G: $Bound)*>(
                $($arg: $ty),*
            ) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                fn avx2<$F: $crate::real::Real $(, const $C: $K)* $(, $G: $Bound)*>($($arg: $ty),*) $(-> $out)? {
                    body::<$F, $crate::isa::Fused $(, $C)* $(, $G)*>($($arg),*)
                }
                if <$F as $crate::real::Real>::WIDE && $crate::isa::has_avx2() {
                    // SAFETY: the processor has the features for which `avx2` is compiled.
                    #[allow(unsafe_code, reason = "code for a newer processor, after asking the processor")]
                    return unsafe { avx2::<$F $(, $C)* $(, $G)*>($($arg),*) };
                }
            }
            body::<$F, $crate::isa::Base $(, $C)* $(, $G)*>($($arg),*)
        }
    };
}
pub(crate) use multiversion;
