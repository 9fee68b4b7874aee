//! The diagonal state-space recurrence of S4D (Gu et al. 2022, sec. 3) in real arithmetic: N conjugate pairs of
//! complex states per channel, of which one of each pair is kept.
//!
//! ```text
//! s[t] = A s[t-1] + B u[t]        y[t] = 2 Re sum_n C s[t]
//!
//! G[t] = 2 g conj(C) + conj(A) G[t+1]    (g the gradient of y; a pair of gradients is written as re + i im)
//! gu = Re sum_n conj(B) G    gA = sum G conj(s[t-1])    gB = sum G u    gC = sum 2 g conj(s[t])
//! ```
//! A, B and C are those of the discrete recurrence; from rates L and a step d they come by a few tensor
//! operations, for S4D's zero-order hold A = exp(d L) and B = B' (exp(d L) - 1) / L.
//!
//! Kept for the backward pass: the states before every sixteenth bin (eighth on CUDA); the states between are computed again.

mod block;
pub(crate) mod cpu;
mod cuda;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, cut, run},
    },
};

const OP: &str = "diagonal_scan";

/// Sizes of a checked call, here and in [`dplr_scan`](crate::dplr_scan()).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) channels: usize,
    pub(crate) pairs: usize,
}

impl Sizes {
    /// Those of u and s0, with which all of `weights` (H, N, 2) agree.
    pub(crate) fn new(
        check: Check,
        u: &Tensor,
        weights: &[(&'static str, &Tensor)],
        s0: &Tensor,
    ) -> Result<Self> {
        let [batch, channels, pairs, _] = check.dims("s0", s0, [None, None, None, Some(2)])?;
        let [_, time, _] = check.dims("u", u, [Some(batch), None, Some(channels)])?;
        check.dtypes(&[("u", u), ("s0", s0)])?;
        for (argument, weight) in weights {
            check.dims(argument, weight, [Some(channels), Some(pairs), Some(2)])?;
            check.dtype(argument, weight, u)?;
        }
        Ok(Self { batch, time, channels, pairs })
    }
}

fn check(u: &Tensor, a: &Tensor, b: &Tensor, c: &Tensor, s0: &Tensor) -> Result<Sizes> {
    Sizes::new(Check::new(OP), u, &[("a", a), ("b", b), ("c", c)], s0)
}

/// Runs N complex leaky states per channel from any first state, and reads them out.
///
/// - `u`: (B, T, H).
/// - `a`, `b`, `c`: (H, N, 2), discrete; real and imaginary part along the last axis.
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
///
/// // A state that turns by a quarter in every bin (A = i), read by its real part (C = 1/2).
/// let cpu = &Device::Cpu;
/// let u = Tensor::new(&[[[1f32], [0.0], [0.0], [0.0]]], cpu)?;
/// let pair = |re: f32, im: f32| Tensor::new(&[[[re, im]]], cpu);
/// let s0 = Tensor::zeros((1, 1, 1, 2), DType::F32, cpu)?;
/// let (y, last) =
///     statenet_kernels::diagonal_scan(&u, &pair(0.0, 1.0)?, &pair(1.0, 0.0)?, &pair(0.5, 0.0)?, &s0)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [1.0, 0.0, -1.0, 0.0]);
/// assert_eq!(last.flatten_all()?.to_vec1::<f32>()?, [0.0, -1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diagonal_scan(
    u: &Tensor,
    a: &Tensor,
    b: &Tensor,
    c: &Tensor,
    s0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let sizes = check(u, a, b, c, s0)?;
    run(
        cpu::Scan::<false>(sizes),
        [Input::one("u", u), Input::packed([("a", a), ("b", b), ("c", c)]), Input::one("s0", s0)],
        |flat| cut(&flat, u.shape(), s0.shape()),
        || reference::diagonal_scan(u, a, b, c, s0),
    )
}
