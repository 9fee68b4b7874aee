//! Spectrotemporal receptive fields: the causal filter of frames that Linear, LN, NRF and DNet begin with.
//!
//! ```text
//! y[b,o,t] = c[o] + sum_{c,f,k} W[o,c,f,k] x[b,c,f,t-(K-1)+k]
//! ```
//! The last column of W meets the current frame (lag 0), column 0 the frame K-1 bins ago. Frames before the
//! first are `context`, or zeros.
//!
//! Computed without unfolding: along contiguous time, lag k of a band is its row shifted by k. From four lags on, even and
//! odd bins are filtered apart, which saves a quarter of the products.

mod cpu;
mod gradient;
mod phases;
pub(crate) mod reference;
pub(crate) mod step;
mod stimulus;
mod tiles;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "causal_strf";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) bands: usize,
    pub(crate) time: usize,
    pub(crate) outputs: usize,
    pub(crate) lags: usize,
}

fn check(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, context: Option<&Tensor>) -> Result<Sizes> {
    let check = Check::new(OP);
    let [outputs, channels, bands, lags] = check.dims("weight", weight, [None; 4])?;
    let [batch, _, _, time] = check.dims("x", x, [None, Some(channels), Some(bands), None])?;
    check.dtypes(&[("x", x), ("weight", weight)])?;
    if let Some(bias) = bias {
        check.dims("bias", bias, [Some(outputs)])?;
        check.dtype("bias", bias, x)?;
    }
    if let Some(context) = context {
        // One lag has no frames before the first: the only tensor here that may be empty.
        if lags > 1 || context.dims() != [batch, channels, bands, 0] {
            check.dims("context", context, [Some(batch), Some(channels), Some(bands), Some(lags - 1)])?;
        }
        check.dtype("context", context, x)?;
    }
    Ok(Sizes { batch, channels, bands, time, outputs, lags })
}

/// Causal receptive fields over a cochleagram.
///
/// - `x`: (B, C, F, T).  `weight`: (O, C, F, K), last column lag 0.  `bias`: (O), zero if `None`.
/// - `context`: (B, C, F, K-1), the frames before the first, oldest first; silence (zeros) if `None`.
/// - Returns (B, O, T).
///
/// Strictly causal bit for bit: a change of `x` after bin t leaves the result up to t as it was.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[[1f32, 2.0, 3.0]]]], &Device::Cpu)?;
/// let weight = Tensor::new(&[[[[10f32, 1.0]]]], &Device::Cpu)?; // 10 x[t-1] + x[t]
/// let y = statenet_kernels::causal_strf(&x, &weight, None, None)?;
/// assert_eq!(y.to_vec3::<f32>()?, [[[1.0, 12.0, 23.0]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn causal_strf(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    context: Option<&Tensor>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context)?;
    run(
        cpu::CausalStrf { sizes, has_bias: bias.is_some() },
        [
            Input::one("x", x),
            Input::packed([("weight", weight)].into_iter().chain(bias.map(|bias| ("bias", bias)))),
            Input::optional("context", context.filter(|_| sizes.lags > 1)),
        ],
        Ok,
        || reference::causal_strf(x, weight, bias, context),
    )
}
