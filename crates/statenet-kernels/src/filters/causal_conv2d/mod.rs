//! Convolution over frequency and time: valid along frequency, causal along time.
//!
//! ```text
//! y[b,o,f,t] = c[o] + sum_{i,k,j} W[o,i,k,j] x[b,i,f+k,t-(Kt-1)+j],    f < F' = F - Kf + 1
//! ```
//! The last column of W meets the current bin (lag 0), column 0 the bin Kt-1 ago. Bins before the first are
//! `context`, or zeros.
//!
//! Filters of three bands, the usual width, take four products instead of six for two rows of the result (Winograd 1980, Arithmetic Complexity of Computations; Lavin & Gray 2016, F(2, 3) along
//! frequency alone). The coefficients are 1 and 1/2, so the loss of accuracy is negligible. Each band is added to sums of
//! its neighbours and subtracted again: where x is infinite, they become NaN.

pub(crate) mod cpu;
mod products;
pub(crate) mod reference;
mod scheme;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "causal_conv2d";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    /// Channels, rows along frequency of input and output.
    pub(crate) inputs: usize,
    pub(crate) bands: usize,
    pub(crate) outputs: usize,
    pub(crate) rows: usize,
    pub(crate) time: usize,
    /// Kf and Kt.
    pub(crate) width: usize,
    pub(crate) lags: usize,
}

pub(crate) fn check(
    op: &'static str,
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
) -> Result<Sizes> {
    let check = Check::new(op);
    let [outputs, inputs, width, lags] = check.dims("weight", weight, [None; 4])?;
    let [batch, _, bands, time] = check.dims("x", x, [None, Some(inputs), None, None])?;
    check.range("weight's width", width as f64, width <= bands, "at most the number of bands")?;
    check.dims("bias", bias, [Some(outputs)])?;
    check.dtypes(&[("x", x), ("weight", weight), ("bias", bias)])?;
    if let Some(context) = context {
        // One lag has no bins before the first: the only tensor here that may be empty.
        if lags > 1 || context.dims() != [batch, inputs, bands, 0] {
            check.dims("context", context, [Some(batch), Some(inputs), Some(bands), Some(lags - 1)])?;
        }
        check.dtype("context", context, x)?;
    }
    Ok(Sizes { batch, inputs, bands, outputs, rows: bands - width + 1, time, width, lags })
}

/// Causal convolution over a stack of cochleagrams.
///
/// - `x`: (B, Ci, F, T).  `weight`: (Co, Ci, Kf, Kt), last column lag 0.  `bias`: (Co).
/// - `context`: (B, Ci, F, Kt-1), the bins before the first, oldest first; silence (zeros) if `None`.
/// - Returns (B, Co, F-Kf+1, T).
///
/// Strictly causal bit for bit: a change of `x` after bin t leaves the result up to t as it was.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range) if the filter is wider than the
/// bands, [`Error::DType`](crate::Error::DType) or [`Error::Device`](crate::Error::Device) by the argument at
/// fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[[1f32, 2.0, 3.0], [1.0, 1.0, 1.0]]]], &Device::Cpu)?; // 2 bands, 3 bins
/// let weight = Tensor::new(&[[[[10f32, 1.0], [0.0, 100.0]]]], &Device::Cpu)?; // Kf = Kt = 2
/// let bias = Tensor::new(&[0.5f32], &Device::Cpu)?;
/// let y = statenet_kernels::causal_conv2d(&x, &weight, &bias, None)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [101.5, 112.5, 123.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal_conv2d(x: &Tensor, weight: &Tensor, bias: &Tensor, context: Option<&Tensor>) -> Result<Tensor> {
    let sizes = check(OP, x, weight, bias, context)?;
    run(
        cpu::CausalConv2d(sizes),
        [
            Input::one("x", x),
            Input::packed([("weight", weight), ("bias", bias)]),
            Input::optional("context", context.filter(|_| sizes.lags > 1)),
        ],
        Ok,
        || reference::causal_conv2d(x, weight, bias, context),
    )
}
