//! StateNet's convolutional encoder: one filter that slides along the frequency axis.
//!
//! ```text
//! y[b,c,l,t] = v[c] + sum_{i<Ci, k<K} W[c,i,k] x[b, i, l S + k, t],    l < L = floor((F-K)/S) + 1
//! ```
//! Time bins do not mix: time is a batch axis here.

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    error::Result,
    filters::frequency_taps::Sizes,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "band_convolution";

fn check(x: &Tensor, weight: &Tensor, bias: &Tensor, stride: usize) -> Result<Sizes> {
    let check = Check::new(OP);
    check.range("stride", stride as f64, stride > 0, "at least 1")?;
    let [batch, inputs, bands, time] = check.dims("x", x, [None; 4])?;
    let [channels, _, width] = check.dims("weight", weight, [None, Some(inputs), None])?;
    check.range("weight's width", width as f64, width <= bands, "at most the number of bands")?;
    check.dims("bias", bias, [Some(channels)])?;
    check.dtypes(&[("x", x), ("weight", weight), ("bias", bias)])?;
    let positions = (bands - width) / stride + 1;
    Ok(Sizes { batch, inputs, bands, time, channels, width, positions, stride })
}

/// Filters along frequency that all positions share, in every time bin.
///
/// - `x`: (B, Ci, F, T).  `weight`: (C, Ci, K), K at most F.  `bias`: (C).
///   `stride`: S bands from one position to the next.
/// - Returns (B, C, L, T), L = floor((F-K)/S) + 1.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range) if `stride` is 0 or the
/// filter is wider than the bands, [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
///
/// let x = Tensor::new(&[[[[1f32], [2.0], [4.0]]]], &Device::Cpu)?; // 3 bands, one bin
/// let weight = Tensor::new(&[[[-1f32, 1.0]]], &Device::Cpu)?; // difference of neighbours
/// let bias = Tensor::new(&[0f32], &Device::Cpu)?;
/// let y = statenet_kernels::band_convolution(&x, &weight, &bias, 1)?;
/// assert_eq!(y.flatten_all()?.to_vec1::<f32>()?, [1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn band_convolution(x: &Tensor, weight: &Tensor, bias: &Tensor, stride: usize) -> Result<Tensor> {
    let sizes = check(x, weight, bias, stride)?;
    run(
        cpu::BandConvolution(sizes),
        [Input::one("x", x), Input::one("weight", weight), Input::one("bias", bias)],
        Ok,
        || reference::band_convolution(x, weight, bias, stride),
    )
}
