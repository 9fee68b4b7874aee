//! One source, compiled for the instruction sets that matter and chosen when the program runs.
//!
//! A binary built for plain x86-64 knows neither 256-bit vectors nor fused multiply-add. The macro
//! [`multiversion!`] compiles a loop three times, plainly, for AVX2 with FMA and for AVX-512, and asks the processor once
//! which it can run; on AArch64 vectors and fused multiply-add belong to the base, so there is one version. The
//! loops themselves are plain safe code that the compiler vectorises. f64, which serves checks, has the plain version only:
//! that halves what there is to compile for it.

use crate::simd::float;

/// What the base of this target has.
#[cfg(target_arch = "aarch64")]
pub(crate) type Base = float::Fused;
/// What the base of this target has.
#[cfg(not(target_arch = "aarch64"))]
pub(crate) type Base = float::Separate;

/// The instruction sets that a loop is compiled for, the better ones last.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Isa {
    /// The base of the target.
    Plain,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 as every processor since Skylake-X and Zen 4 has it that has any.
    Avx512,
}

/// The best that this processor has and that `STATENET_ISA` allows (`plain`, `avx2`, `avx512`; anything else allows all);
/// asked once, then a load and a branch.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn isa() -> Isa {
    use std::arch::is_x86_feature_detected as has;
    static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
    *BEST.get_or_init(|| {
        let avx2 = has!("avx2") && has!("fma");
        let avx512 = has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw");
        let here = match (avx2, avx512) {
            (true, true) => Isa::Avx512,
            (true, false) => Isa::Avx2,
            (false, _) => Isa::Plain,
        };
        match std::env::var("STATENET_ISA").as_deref() {
            Ok("plain") => Isa::Plain,
            Ok("avx2") => here.min(Isa::Avx2),
            _ => here,
        }
    })
}

/// Whether registers hold two vectors each, and there are 32 of them.
#[inline]
pub(crate) fn has_wide_registers() -> bool {
    #[cfg(target_arch = "x86_64")]
    return isa() == Isa::Avx512;
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Defines a function `name::<F>(arguments)` whose body, generic over the float `F` and over [`MulAdd`](float::MulAdd), is
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
        $vis fn $name<$F: $crate::simd::float::Real $(, const $C: $K)* $(, $G: $Bound)*>($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments, reason = "as above")]
            fn body<$F: $crate::simd::float::Real, $M: $crate::simd::float::MulAdd $(, const $C: $K)* $(, $G: $Bound)*>(
                $($arg: $ty),*
            ) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                fn avx2<$F: $crate::simd::float::Real $(, const $C: $K)* $(, $G: $Bound)*>($($arg: $ty),*) $(-> $out)? {
                    body::<$F, $crate::simd::float::Fused $(, $C)* $(, $G)*>($($arg),*)
                }
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "as above")]
                fn avx512<$F: $crate::simd::float::Real $(, const $C: $K)* $(, $G: $Bound)*>($($arg: $ty),*) $(-> $out)? {
                    body::<$F, $crate::simd::float::Fused $(, $C)* $(, $G)*>($($arg),*)
                }
                if <$F as $crate::simd::float::Real>::WIDE {
                    match $crate::simd::dispatch::isa() {
                        // SAFETY: the processor has the features for which `avx512` is compiled.
                        #[allow(unsafe_code, reason = "code for a newer processor, after asking the processor")]
                        $crate::simd::dispatch::Isa::Avx512 => return unsafe { avx512::<$F $(, $C)* $(, $G)*>($($arg),*) },
                        // SAFETY: the processor has the features for which `avx2` is compiled.
                        #[allow(unsafe_code, reason = "as above")]
                        $crate::simd::dispatch::Isa::Avx2 => return unsafe { avx2::<$F $(, $C)* $(, $G)*>($($arg),*) },
                        $crate::simd::dispatch::Isa::Plain => {}
                    }
                }
            }
            body::<$F, $crate::simd::dispatch::Base $(, $C)* $(, $G)*>($($arg),*)
        }
    };
}
pub(crate) use multiversion;
