//! The recurrence of S4's diagonal plus low-rank form (Gu et al. 2022, sec. 3 and appendix C.2) in real
//! arithmetic, O(N) per bin: one state of each of N conjugate pairs, coupled through one real number.
//!
//! ```text
//! r[t] = 2 Re sum_n R s[t-1]    s[t] = A s[t-1] + L r[t] + B u[t]    y[t] = 2 Re sum_n C s[t]
//!
//! G[t] = 2 g conj(C) + conj(A) G[t+1] + 2 gr[t+1] conj(R)    gr = Re sum_n conj(L) G
//! gu = Re sum_n conj(B) G    gA = sum G conj(s[t-1])    gB = sum G u    gC = sum 2 g conj(s[t])
//! gL = sum G r               gR = sum 2 gr conj(s[t-1])
//! ```
//! S4 has rates diag(l) - p p* and a step d. Its bilinear discretisation, inverted by Woodbury's identity, is
//! of this form with, for every pair,
//! ```text
//! D = 1 / (1 - d l / 2)    q = 1 / (1 + d Re sum_n |p|^2 D)
//! A = 2 D - 1    L = -d q D p    R = conj(p) D    B = d (D b - d q D p Re sum_n conj(p) D b)
//! ```
//! and C is S4's own. Kept for the backward pass: states as in [`diagonal_scan`](crate::diagonal_scan()), and r. There
//! is no form for CUDA: all pairs would wait for each other in every bin.

pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    scans::diagonal::{Sizes, cpu::Scan},
    tensor::{
        arguments::Check,
        driver::{Input, cut, run},
    },
};

const OP: &str = "dplr_scan";

/// The discrete weights of a [`dplr_scan`], each (H, N, 2): real and imaginary part along the last axis.
#[derive(Clone, Copy, Debug)]
pub struct DplrWeights<'a> {
    /// A, the diagonal.
    pub diagonal: &'a Tensor,
    /// L, along which the part of rank one writes.
    pub left: &'a Tensor,
    /// R, along which it reads.
    pub right: &'a Tensor,
    /// B, how the input comes in.
    pub b: &'a Tensor,
    /// C, how the states are read.
    pub c: &'a Tensor,
}

impl<'a> DplrWeights<'a> {
    fn named(&self) -> [(&'static str, &'a Tensor); 5] {
        let Self { diagonal, left, right, b, c } = *self;
        [("diagonal", diagonal), ("b", b), ("c", c), ("left", left), ("right", right)]
    }
}

fn check(u: &Tensor, weights: DplrWeights<'_>, s0: &Tensor) -> Result<Sizes> {
    Sizes::new(Check::new(OP), u, &weights.named(), s0)
}

/// Runs the states of S4 from any first state, and reads them out.
///
/// - `u`: (B, T, H).  `weights`: [`DplrWeights`].
/// - `s0`: (B, H, N, 2), the states before the first bin.
/// - Returns y (B, T, H) and the last states (B, H, N, 2), with which the next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_kernels::{DplrWeights, dplr_scan};
///
/// // One real state that only the part of rank one carries on: L r = 1/4 (2 s) halves it.
/// let cpu = &Device::Cpu;
/// let pair = |re: f32| Tensor::new(&[[[re, 0.0]]], cpu);
/// let (zero, quarter, half, one) = (pair(0.0)?, pair(0.25)?, pair(0.5)?, pair(1.0)?);
/// let weights = DplrWeights { diagonal: &zero, left: &quarter, right: &one, b: &one, c: &half };
/// let u = Tensor::new(&[[[8f32], [0.0], [0.0]]], cpu)?;
/// let s0 = Tensor::zeros((1, 1, 1, 2), DType::F32, cpu)?;
/// let (y, _) = dplr_scan(&u, weights, &s0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [8.0, 4.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn dplr_scan(u: &Tensor, weights: DplrWeights<'_>, s0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(u, weights, s0)?;
    run(
        Scan::<true>(sizes),
        [Input::one("u", u), Input::packed(weights.named()), Input::one("s0", s0)],
        |flat| cut(&flat, u.shape(), s0.shape()),
        || reference::dplr_scan(u, weights, s0),
    )
}
