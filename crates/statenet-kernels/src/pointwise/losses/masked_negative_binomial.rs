//! The masked negative log-likelihood of negative binomial counts with a dispersion of each neuron.
//!
//! ```text
//! counts of mean m and variance m + a m^2,   k = 1 / a,   a = e^log_dispersion
//! term = (y + k) ln(1 + a m) - y ln(max(m, e) + e) - G,      G = ln Gamma(y + k) - ln Gamma(k) - y ln k
//! ```
//! m the rate, y the target, e = 1e-8; without ln y!, which depends on neither. As a goes to 0 the term becomes that of the
//! Poisson loss. Rates below 0 continue the first part along its tangent at 0.
//!
//! G by Stirling's series at k + 8 and y + k + 8, of which the large parts cancel before they are rounded:
//!
//! ```text
//! G = (y + K - 1/2) ln(1 + y/K) - y + y ln(K/k) + s(y + K) - s(K) - sum_{i<8} ln(1 + y/(k + i)),    K = k + 8
//! s(x) = 1/(12 x) - 1/(360 x^3) + 1/(1260 x^5) - 1/(1680 x^7)
//! ```

use candle_core::Tensor;

use super::{
    masked::{FLOOR, NEGATIVE_BINOMIAL},
    reference,
    with_parameter::{ParameterTerm, run},
};
use crate::{
    error::Result,
    simd::float::{MulAdd, Real},
};

/// Negative binomial loss over valid bins, then over neurons.
///
/// - `rate`: (B, N, T), expected counts per bin.  `target`, `mask`: (B, N, T); a bin is valid where the mask
///   is not 0. Targets may be means over repeats; the dispersion is then that of the means.
/// - `log_dispersion`: (N), the logarithm of a in variance = rate + a rate^2.
/// - Returns a scalar; 0 with a zero gradient if no bin is valid at all. `rate` and `log_dispersion` get gradients: pass a
///   constant tensor where the dispersion is given.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let rate = Tensor::new(&[[[1f64, 2.0]]], &Device::Cpu)?;
/// let target = Tensor::new(&[[[2f64, f64::NAN]]], &Device::Cpu)?;
/// let mask = Tensor::new(&[[[1f64, 0.0]]], &Device::Cpu)?;
/// let dispersion_1 = Tensor::new(&[0f64], &Device::Cpu)?;
/// let loss = statenet_kernels::masked_negative_binomial(&rate, &target, &mask, &dispersion_1)?;
/// // Geometric counts of mean 1: the probability of 2 is 1/8. The loss lacks ln 2!.
/// assert!((loss.to_scalar::<f64>()? - (8f64.ln() - 2f64.ln())).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn masked_negative_binomial(
    rate: &Tensor,
    target: &Tensor,
    mask: &Tensor,
    log_dispersion: &Tensor,
) -> Result<Tensor> {
    let plain = || reference::masked_negative_binomial(rate, target, mask, log_dispersion);
    run::<NegativeBinomial>(rate, target, mask, log_dispersion, plain)
}

/// How far Stirling's series is shifted.
pub(super) const SHIFT: usize = 8;
/// Coefficients of s(x) in odd powers of 1 / x.
pub(super) const STIRLING: [f64; 4] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0];

/// The term of the module's equation.
pub(super) struct NegativeBinomial;

/// What a bin needs of the dispersion.
#[derive(Clone, Copy)]
pub(super) struct KnownDispersion<F> {
    /// a.
    dispersion: F,
    /// k = 1 / a.
    size: F,
    /// K = k + 8, and its inverse.
    shifted: F,
    inverse: F,
    /// ln(K / k).
    log_ratio: F,
    /// s(K), and its derivative.
    tail: F,
    tail_slope: F,
    /// 1 / (k + i).
    steps: [F; SHIFT],
}

impl ParameterTerm for NegativeBinomial {
    const NAME: &'static str = NEGATIVE_BINOMIAL;
    const PARAMETER: &'static str = "log_dispersion";
    type Known<F: Real> = KnownDispersion<F>;

    #[inline(always)]
    fn known<F: Real, M: MulAdd>(log: F) -> KnownDispersion<F> {
        let (dispersion, size) = (log.exp::<M>(), (-log).exp::<M>());
        let shifted = size + F::of(SHIFT as f64);
        let (tail, tail_slope) = stirling::<F, M>(F::ONE / shifted);
        KnownDispersion {
            dispersion,
            size,
            shifted,
            inverse: F::ONE / shifted,
            log_ratio: ln_1p::<F, M>(F::of(SHIFT as f64) * dispersion),
            tail,
            tail_slope,
            steps: std::array::from_fn(|i| F::ONE / (size + F::of(i as f64))),
        }
    }

    #[inline(always)]
    fn value<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownDispersion<F>) -> F {
        let floor = F::of(FLOOR);
        let spread = (target + known.size) * ln_1p_or_tangent::<F, M>(known.dispersion * rate);
        spread - target * (rate.at_least(floor) + floor).ln::<M>() - log_gammas::<F, M>(target, known)
    }

    #[inline(always)]
    fn by_rate<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownDispersion<F>) -> F {
        let floor = F::of(FLOOR);
        let pull = target / (rate.at_least(floor) + floor);
        (target + known.size) / (known.size + rate.at_least(F::ZERO))
            - if rate < floor { F::ZERO } else { pull }
    }

    /// k (d ln L / d k), since k = e^-log_dispersion.
    #[inline(always)]
    fn by_parameter<F: Real, M: MulAdd>(rate: F, target: F, known: &KnownDispersion<F>) -> F {
        let (_, tail_slope) = stirling::<F, M>(F::ONE / (target + known.shifted));
        let half = F::of(0.5);
        // psi(y + k) - psi(k).
        let mut digammas = ln_1p::<F, M>(target * known.inverse)
            - half * (F::ONE / (target + known.shifted) - known.inverse)
            + (tail_slope - known.tail_slope);
        for step in known.steps {
            digammas += target * step * step / (F::ONE + target * step);
        }
        let spread = ln_1p_or_tangent::<F, M>(known.dispersion * rate);
        // Below 0 the first part is y a m + m, of which the derivative by k is -y a^2 m.
        let share = if rate < F::ZERO {
            spread - target * known.dispersion * (F::ONE - spread)
        } else {
            (rate - target) / (known.size + rate)
        };
        known.size * (digammas - spread + share)
    }
}

/// G.
#[inline(always)]
fn log_gammas<F: Real, M: MulAdd>(target: F, known: &KnownDispersion<F>) -> F {
    let shifted = target + known.shifted;
    let (tail, _) = stirling::<F, M>(F::ONE / shifted);
    let mut product = F::ONE;
    for step in known.steps {
        product *= M::mul_add(target, step, F::ONE);
    }
    M::mul_add(shifted - F::of(0.5), ln_1p::<F, M>(target * known.inverse), -target)
        + target * known.log_ratio
        + (tail - known.tail)
        - product.ln::<M>()
}

/// s(x) and its derivative, from 1 / x.
#[inline(always)]
fn stirling<F: Real, M: MulAdd>(inverse: F) -> (F, F) {
    let square = inverse * inverse;
    let [c1, c3, c5, c7] = STIRLING.map(F::of);
    let value = M::mul_add(M::mul_add(M::mul_add(c7, square, c5), square, c3), square, c1) * inverse;
    let [d1, d3, d5, d7] = [STIRLING[0], 3.0 * STIRLING[1], 5.0 * STIRLING[2], 7.0 * STIRLING[3]].map(F::of);
    let slope = -M::mul_add(M::mul_add(M::mul_add(d7, square, d5), square, d3), square, d1) * square;
    (value, slope)
}

/// ln(1 + x) for x >= 0.
#[inline(always)]
fn ln_1p<F: Real, M: MulAdd>(x: F) -> F {
    let (small, large) = (x.at_least(F::ZERO), F::ONE + x);
    if x > F::ONE { large.ln::<M>() } else { small.ln_1p::<M>() }
}

/// ln(1 + x), below 0 its tangent x.
#[inline(always)]
fn ln_1p_or_tangent<F: Real, M: MulAdd>(x: F) -> F {
    if x < F::ZERO { x } else { ln_1p::<F, M>(x) }
}
