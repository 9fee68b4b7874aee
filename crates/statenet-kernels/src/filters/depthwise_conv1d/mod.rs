//! A short causal filter of each channel's own, through SiLU: what Mamba (Gu & Dao 2023) puts before its scan.
//!
//! ```text
//! a[t] = b + sum_k w[k] x[t-(K-1)+k]       y[t] = a s(a),  s the logistic function       (per channel)
//!
//! ga = gy s(a) (1 + a (1 - s(a)))
//! gx[t] = sum_k w[k] ga[t+(K-1)-k]         gw[k] = sum_t ga[t] x[t-(K-1)+k]              gb = sum_t ga[t]
//! ```
//! The last column of w meets the current bin. Nothing is kept for the backward pass: a is K products.

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "depthwise_conv1d";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) channels: usize,
    pub(crate) taps: usize,
}

fn check(x: &Tensor, weight: &Tensor, bias: &Tensor, context: Option<&Tensor>) -> Result<Sizes> {
    let check = Check::new(OP);
    let [channels, taps] = check.dims("weight", weight, [None, None])?;
    let [batch, time, _] = check.dims("x", x, [None, None, Some(channels)])?;
    check.dims("bias", bias, [Some(channels)])?;
    check.dtypes(&[("x", x), ("weight", weight), ("bias", bias)])?;
    if let Some(context) = context {
        // One tap has no bins before the first: the only tensor here that may be empty.
        if taps > 1 || context.dims() != [batch, 0, channels] {
            check.dims("context", context, [Some(batch), Some(taps - 1), Some(channels)])?;
        }
        check.dtype("context", context, x)?;
    }
    Ok(Sizes { batch, time, channels, taps })
}

/// SiLU of a causal filter over K bins, each channel its own.
///
/// - `x`: (B, T, C).  `weight`: (C, K), last column the current bin.  `bias`: (C).
/// - `context`: (B, K-1, C), the bins before the first, oldest first; zeros if `None`.
/// - Returns (B, T, C).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[1f64], [2.0]]], &Device::Cpu)?; // one stimulus, two bins, one channel
/// let weight = Tensor::new(&[[10f64, 0.0]], &Device::Cpu)?; // ten times the bin before
/// let bias = Tensor::new(&[0f64], &Device::Cpu)?;
/// let y = statenet_kernels::depthwise_conv1d(&x, &weight, &bias, None)?.flatten_all()?.to_vec1::<f64>()?;
/// assert_eq!(y[0], 0.0);
/// assert!((y[1] - 10.0 / (1.0 + (-10f64).exp())).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn depthwise_conv1d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context)?;
    let context = context.filter(|_| sizes.taps > 1);
    run(
        cpu::DepthwiseConv1d { sizes },
        [
            Input::one("x", x),
            Input::packed([("weight", weight), ("bias", bias)]),
            Input::optional("context", context),
        ],
        Ok,
        || reference::depthwise_conv1d(x, weight, bias, context),
    )
}
