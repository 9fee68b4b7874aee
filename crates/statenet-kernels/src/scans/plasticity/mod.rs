//! Short-term plasticity: one quantity per channel that input builds up or uses up and that goes back to 1 by itself
//! (Tsodyks & Markram 1997), such as the resources of a depressing synapse or the release of a facilitating one.
//!
//! ```text
//! z[t+1] = (z[t] + r + b[t]) / D[t],    D[t] = 1 + r + c[t]
//!
//! G[t] = g[t] + G[t+1] / D[t]    (g the gradient of z, G[T] that of the last)
//! gb[t] = G[t+1] / D[t]    gc[t] = -z[t+1] gb[t]    gr = sum (1 - z[t+1]) gb[t]    gz[0] = G[0]
//! ```
//! This is dz/dt = r (1 - z) + b - c z by the implicit Euler rule, in bins: z stays positive and at rest where the
//! equation is at rest, (r + b) / (r + c), however strong the input. The explicit rule, z + r (1 - z) + b - c z, falls
//! below zero where c is above 1.
//!
//! A synapse whose presynaptic rate is p: its resources have b = 0, c = u p; its release relative to rest has b = p,
//! c = U p and a ceiling of 1 / U. z\[t\] depends on the bins before t only.

mod cpu;
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

const OP: &str = "plasticity";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) time: usize,
}

fn check(gain: &Tensor, loss: &Tensor, rate: &Tensor, z0: &Tensor) -> Result<Sizes> {
    let check = Check::new(OP);
    let [batch, channels, time] = check.dims("loss", loss, [None; 3])?;
    check.dims("gain", gain, [Some(batch), Some(channels), Some(time)])?;
    check.dims("rate", rate, [Some(channels)])?;
    check.dims("z0", z0, [Some(batch), Some(channels)])?;
    check.dtypes(&[("loss", loss), ("gain", gain), ("rate", rate), ("z0", z0)])?;
    Ok(Sizes { batch, channels, time })
}

/// A quantity per channel that `gain` raises, `loss` reduces in proportion, and `rate` brings back to 1.
///
/// - `gain`: b (B, C, T), `loss`: c (B, C, T), neither below 0.
/// - `rate`: r (C), above 0: one over the time constant in bins.
/// - `z0`: (B, C), the quantity at the first bin; 1 at rest.
/// - Returns the quantity at each bin, (B, C, T), and after the last, (B, C), with which the next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::plasticity;
///
/// // A sound in the first bin uses up two thirds of what there is; half of the rest comes back in each bin.
/// let loss = Tensor::new(&[[[4f64, 0.0, 0.0]]], &Device::Cpu)?;
/// let (one, rest) = (Tensor::new(&[1f64], &Device::Cpu)?, Tensor::new(&[[1f64]], &Device::Cpu)?);
/// let (left, next) = plasticity(&loss.zeros_like()?, &loss, &one, &rest)?;
/// let left = left.flatten_all()?.to_vec1::<f64>()?;
/// assert!((left[1] - 1.0 / 3.0).abs() < 1e-15 && (left[2] - 2.0 / 3.0).abs() < 1e-15);
/// assert!((next.flatten_all()?.to_vec1::<f64>()?[0] - 5.0 / 6.0).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn plasticity(gain: &Tensor, loss: &Tensor, rate: &Tensor, z0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(gain, loss, rate, z0)?;
    run(
        cpu::Plasticity(sizes),
        [Input::one("gain", gain), Input::one("loss", loss), Input::packed([("rate", rate), ("z0", z0)])],
        |flat| cut(&flat, loss.shape(), z0.shape()),
        || reference::plasticity(gain, loss, rate, z0),
    )
}
