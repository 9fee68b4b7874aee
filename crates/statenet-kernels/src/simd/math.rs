//! Elementary functions of f32 without branches, so that loops over them become vector code.
//!
//! Errors in units in the last place (ulp) of the exact result, the largest over a dense sample of every
//! exponent (the tests measure them on each run, with and without fused multiply-add):
//!
//! | function | error | domain |
//! |---|---|---|
//! | [`exp`] | 1.5 | all; subnormal results are rounded twice, NaN stays NaN |
//! | [`exp2`] | 1.5 | \[-126, 127\]; beyond, the result is that of the nearer end |
//! | [`sigmoid`] | 3 | x >= -87; below, the result is under 2e-38 |
//! | [`tanh`] | 3.5 | all |
//! | [`ln_1p`] | 2 | \[0, 1\] |
//! | [`ln`] | 2 | positive normal numbers, infinity |
//!
//! e^x is 2^n e^r with |r| <= ln 2 / 2; the logarithms are 2 artanh(s), s = (x-1)/(x+1). The coefficients are
//! minimax fits of our own (Lawson's iteration) to (e^r - 1 - r) / r^2, (2^f - 1) / f and (artanh(s)/s - 1) / s^2.

use std::f32::consts::{LOG2_E, SQRT_2};

use crate::simd::float::MulAdd;

/// ln 2 in two parts, the first short enough that its product with an exponent is exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
/// The rest of ln 2.
const LN2_LOW: f32 = -2.121_944_4e-4;
/// 1.5 2^23: adding it rounds to an integer, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `low` unless x is above it; NaN if x is.
#[inline(always)]
fn at_least(x: f32, low: f32) -> f32 {
    if x < low { low } else { x }
}

/// `high` unless x is below it; NaN if x is.
#[inline(always)]
fn at_most(x: f32, high: f32) -> f32 {
    if x > high { high } else { x }
}

/// 2^n for n in \[-126, 127\].
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) << 23) as u32)
}

/// (n, e^r - 1) with x = n ln 2 + r, for |x| < 2^21.
#[inline(always)]
fn reduce<M: MulAdd>(x: f32) -> (i32, f32) {
    let shifted = M::mul_add(x, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = M::mul_add(n, -LN2_LOW, M::mul_add(n, -LN2_HIGH, x));
    let q = M::mul_add(r, 1.388_251_8e-3, 8.366_538e-3);
    let q = M::mul_add(q, r, 4.166_72e-2);
    let q = M::mul_add(q, r, 1.666_654_3e-1);
    let q = M::mul_add(q, r, 4.999_999_7e-1);
    let bits = shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32;
    (bits, M::mul_add(q * r, r, r))
}

/// e^x.
#[inline(always)]
pub(crate) fn exp<M: MulAdd>(x: f32) -> f32 {
    let (n, p) = reduce::<M>(at_most(at_least(x, -104.0), 89.0));
    // Two factors, because 2^128 and 2^-150 are no floats.
    let half = n >> 1;
    let power = power_of_two(half);
    M::mul_add(p, power, power) * power_of_two(n - half)
}

/// 2^x: for products that a constant can take the conversion from e^x into, at two thirds of its cost.
#[inline(always)]
pub(crate) fn exp2<M: MulAdd>(x: f32) -> f32 {
    let x = at_most(at_least(x, -126.0), 127.0);
    let shifted = x + ROUND;
    let f = x - (shifted - ROUND);
    // By pairs: a short chain counts for more than two products.
    let square = f * f;
    let low = M::mul_add(f, 2.402_264_8e-1, 6.931_472e-1);
    let middle = M::mul_add(f, 9.618_437e-3, 5.550_332_4e-2);
    let high = M::mul_add(f, 1.535_336_2e-4, 1.339_887_5e-3);
    let q = M::mul_add(M::mul_add(high, square, middle), square, low);
    // The integer stands in the low bits; what lies above them is shifted out.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    M::mul_add(q * f, power, power)
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn sigmoid<M: MulAdd>(x: f32) -> f32 {
    let (n, p) = reduce::<M>(-at_most(at_least(x, -87.0), 87.0));
    let power = power_of_two(n);
    1.0 / (1.0 + M::mul_add(p, power, power))
}

/// The hyperbolic tangent, (e^2x - 1) / (e^2x + 1) with the numerator computed as such.
#[inline(always)]
pub(crate) fn tanh<M: MulAdd>(x: f32) -> f32 {
    let (n, p) = reduce::<M>(at_most(at_least(x + x, -20.0), 20.0));
    let power = power_of_two(n);
    let numerator = M::mul_add(p, power, power - 1.0);
    numerator / (numerator + 2.0)
}

/// ln(1 + x) for x in \[0, 1\].
#[inline(always)]
pub(crate) fn ln_1p<M: MulAdd>(x: f32) -> f32 {
    let s = x / (x + 2.0);
    let z = s * s;
    let q = M::mul_add(z, 1.214_478_4e-1, 1.071_536_9e-1);
    let q = M::mul_add(q, z, 1.430_829_9e-1);
    let q = M::mul_add(q, z, 1.999_944_4e-1);
    let q = M::mul_add(q, z, 3.333_333_7e-1);
    let twice = s + s;
    M::mul_add(q * z, twice, twice)
}

/// The natural logarithm of a positive normal number.
#[inline(always)]
pub(crate) fn ln<M: MulAdd>(x: f32) -> f32 {
    // Mantissa in [sqrt(1/2), sqrt(2)), so that s is small and the result near x = 1 exact.
    let bits = x.to_bits() as i32;
    let mantissa_of_root_two = SQRT_2.to_bits() as i32 - (127 << 23);
    let n = ((bits - mantissa_of_root_two) >> 23) - 126;
    let m = f32::from_bits((bits - (n << 23)) as u32);
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let q = M::mul_add(z, 1.179_104_4e-1, 1.426_865_8e-1);
    let q = M::mul_add(q, z, 2.000_016_7e-1);
    let q = M::mul_add(q, z, 3.333_333e-1);
    let twice = s + s;
    let n = n as f32;
    let fraction = M::mul_add(q * z, twice, M::mul_add(n, LN2_LOW, twice));
    let value = M::mul_add(n, LN2_HIGH, fraction);
    // Infinity and NaN have no mantissa and pass through.
    if x < f32::INFINITY { value } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::float::{Fused, Separate};

    /// Distance of `got` from `exact` in units of the last place of the f32 nearest `exact`.
    fn ulps(got: f32, exact: f64) -> f64 {
        let near = (exact.abs() as f32).max(f32::MIN_POSITIVE);
        let unit = f64::from(f32::from_bits(near.to_bits() + 1)) - f64::from(near);
        (f64::from(got) - exact).abs() / unit
    }

    /// The largest error over `points` floats of every exponent within the domain, both ways of computing.
    fn worst(
        fused: fn(f32) -> f32,
        separate: fn(f32) -> f32,
        exact: fn(f64) -> f64,
        domain: std::ops::RangeInclusive<f32>,
    ) -> f64 {
        let mut worst = 0f64;
        let step = 4_093; // a prime: a million floats, all exponents, no pattern of mantissas
        for bits in (0..=u32::MAX - step).step_by(step as usize) {
            let x = f32::from_bits(bits);
            if domain.contains(&x) {
                let y = exact(f64::from(x));
                worst = worst.max(ulps(fused(x), y)).max(ulps(separate(x), y));
            }
        }
        worst
    }

    #[test]
    fn the_exponential_is_within_its_stated_error() {
        let error = worst(exp::<Fused>, exp::<Separate>, f64::exp, -87.0..=88.7);
        assert!(error < 1.5, "{error}");
        assert_eq!(exp::<Fused>(0.0), 1.0);
        assert_eq!(exp::<Fused>(-200.0), 0.0);
        assert_eq!(exp::<Fused>(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp::<Fused>(89.0), f32::INFINITY);
        assert_eq!(exp::<Fused>(f32::INFINITY), f32::INFINITY);
    }

    #[test]
    fn the_power_of_two_is_within_its_stated_error() {
        let error = worst(exp2::<Fused>, exp2::<Separate>, f64::exp2, -126.0..=127.0);
        assert!(error < 1.5, "{error}");
        for n in -126..=127 {
            assert_eq!(exp2::<Fused>(n as f32), f32::exp2(n as f32));
        }
        assert_eq!(exp2::<Fused>(f32::NEG_INFINITY), f32::MIN_POSITIVE);
        assert_eq!(exp2::<Fused>(f32::INFINITY), f32::exp2(127.0));
    }

    #[test]
    fn the_sigmoid_is_within_its_stated_error() {
        let exact = |x: f64| 1.0 / (1.0 + (-x).exp());
        let error = worst(sigmoid::<Fused>, sigmoid::<Separate>, exact, -87.0..=f32::INFINITY);
        assert!(error < 3.0, "{error}");
        assert_eq!(sigmoid::<Fused>(0.0), 0.5);
        assert!(sigmoid::<Fused>(f32::NEG_INFINITY) < 2e-38);
    }

    #[test]
    fn the_hyperbolic_tangent_is_within_its_stated_error() {
        let error = worst(tanh::<Fused>, tanh::<Separate>, f64::tanh, f32::NEG_INFINITY..=f32::INFINITY);
        assert!(error < 3.5, "{error}");
        assert_eq!(tanh::<Fused>(f32::INFINITY), 1.0);
        assert_eq!(tanh::<Fused>(f32::NEG_INFINITY), -1.0);
        assert_eq!(tanh::<Fused>(0.0), 0.0);
    }

    #[test]
    fn the_logarithms_are_within_their_stated_errors() {
        let error = worst(ln_1p::<Fused>, ln_1p::<Separate>, f64::ln_1p, 0.0..=1.0);
        assert!(error < 2.0, "{error}");
        let error = worst(ln::<Fused>, ln::<Separate>, f64::ln, f32::MIN_POSITIVE..=f32::MAX);
        assert!(error < 2.0, "{error}");
        assert_eq!(ln::<Fused>(1.0), 0.0);
        assert_eq!(ln::<Fused>(f32::INFINITY), f32::INFINITY);
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for f in [exp::<Fused>, exp2::<Fused>, sigmoid::<Fused>, tanh::<Fused>, ln_1p::<Fused>, ln::<Fused>] {
            assert!(f(f32::NAN).is_nan());
        }
    }
}
