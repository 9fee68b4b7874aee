//! Layer normalisation over channels at every position and time bin (Ba et al. 2016), and the
//! nonlinearity that follows it.
//!
//! ```text
//! m = mean_c x    s = 1 / sqrt(mean_c (x-m)^2 + eps)    v = (x-m) s    y = phi(gain[c] v + bias[c])
//!
//! e = g phi'    ggain[c] = sum e v    gbias[c] = sum e
//! d = gain e    gx = s (d - mean_c d - v mean_c (d v))
//! ```
//! The variance is the biased one. Time never mixes, so the operation is causal. Kept for the backward
//! pass: m and s.

pub(crate) mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use super::then::Then;
use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "channel_norm";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) positions: usize,
    pub(crate) time: usize,
}

fn check(x: &Tensor, gain: &Tensor, bias: &Tensor, eps: f64, then: Then) -> Result<Sizes> {
    let check = Check::new(OP);
    let [batch, channels, positions, time] = check.dims("x", x, [None; 4])?;
    check.dims("gain", gain, [Some(channels)])?;
    check.dims("bias", bias, [Some(channels)])?;
    check.range("eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite")?;
    then.check(check)?;
    check.dtypes(&[("x", x), ("gain", gain), ("bias", bias)])?;
    Ok(Sizes { batch, channels, positions, time })
}

/// `then`(gain (x - mean) / sqrt(variance + eps) + bias), mean and variance over channels.
///
/// - `x`: (B, C, L, T).  `gain`, `bias`: (C).  `eps`: added to the variance, positive (PyTorch: 1e-5).
/// - Returns (B, C, L, T).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range) for `eps` and a slope,
/// [`Error::DType`](crate::Error::DType) or [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{Then, channel_norm};
///
/// let x = Tensor::new(&[[[[1f64]], [[3.0]]]], &Device::Cpu)?; // two channels: mean 2, variance 1
/// let gain = Tensor::new(&[1f64, 1.0], &Device::Cpu)?;
/// let bias = Tensor::new(&[0f64, 5.0], &Device::Cpu)?;
/// let y = channel_norm(&x, &gain, &bias, 1e-12, Then::Identity)?.flatten_all()?.to_vec1::<f64>()?;
/// assert!((y[0] + 1.0).abs() < 1e-9 && (y[1] - 6.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn channel_norm(x: &Tensor, gain: &Tensor, bias: &Tensor, eps: f64, then: Then) -> Result<Tensor> {
    let sizes = check(x, gain, bias, eps, then)?;
    run(
        cpu::ChannelNorm { sizes, eps, then },
        [Input::one("x", x), Input::one("gain", gain), Input::one("bias", bias)],
        Ok,
        || reference::channel_norm(x, gain, bias, eps, then),
    )
}
