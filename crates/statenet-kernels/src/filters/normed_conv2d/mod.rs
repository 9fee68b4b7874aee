//! A layer of a convolutional network in one pass: [`causal_conv2d`](crate::causal_conv2d()), normalised over channels
//! ([`channel_norm`](crate::channel_norm())), through what follows.
//!
//! ```text
//! a[b,o,f,t] = c[o] + sum_{i,k,j} W[o,i,k,j] x[b,i,f+k,t-(Kt-1)+j]
//! m = mean_o a    s = 1 / sqrt(mean_o (a-m)^2 + eps)    v = (a-m) s    y = phi(gain[o] v + offset[o])
//! ```
//! Nothing is kept for the backward pass but x and y: it computes a, m and s of one stimulus after the other again,
//! which is a third of its work and saves keeping a and gain v + offset, each as large as y, of the whole batch.

mod cpu;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::Result,
    filters::causal_conv2d::{self, Sizes},
    pointwise::then::Then,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "normed_conv2d";

/// A normalisation over channels and what follows it.
#[derive(Clone, Copy, Debug)]
pub struct NormThen<'a> {
    /// What each channel is multiplied by, (Co).
    pub gain: &'a Tensor,
    /// What is then added to it, (Co).
    pub bias: &'a Tensor,
    /// Added to the variance, positive (PyTorch: 1e-5).
    pub eps: f64,
    /// What follows.
    pub then: Then,
}

fn check(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
    norm: NormThen<'_>,
) -> Result<Sizes> {
    let sizes = causal_conv2d::check(OP, x, weight, bias, context)?;
    let check = Check::new(OP);
    let NormThen { gain, bias, eps, then } = norm;
    check.dims("norm's gain", gain, [Some(sizes.outputs)])?;
    check.dims("norm's bias", bias, [Some(sizes.outputs)])?;
    check.range("eps", eps, eps > 0.0 && eps.is_finite(), "positive and finite")?;
    then.check(check)?;
    check.dtypes(&[("x", x), ("norm's gain", gain), ("norm's bias", bias)])?;
    Ok(sizes)
}

/// A causal convolution over a stack of cochleagrams, normalised over channels, through what follows.
///
/// - `x`: (B, Ci, F, T).  `weight`: (Co, Ci, Kf, Kt), last column lag 0.  `bias`: (Co).
/// - `context`: (B, Ci, F, Kt-1), the bins before the first, oldest first; silence (zeros) if `None`.
/// - Returns (B, Co, F-Kf+1, T).
///
/// Strictly causal bit for bit: a change of `x` after bin t leaves the result up to t as it was.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::Range`](crate::Error::Range) if the filter is wider than the
/// bands or for `eps` and a slope, [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{NormThen, Then, normed_conv2d};
///
/// let cpu = &Device::Cpu;
/// let x = Tensor::new(&[[[[1f64, 2.0]]]], cpu)?; // one band, 2 bins
/// let weight = Tensor::new(&[[[[1f64]]], [[[3.0]]]], cpu)?; // x and 3 x: normalised, -1 and 1
/// let zeros = Tensor::new(&[0f64, 0.0], cpu)?;
/// let gain = Tensor::new(&[2f64, 2.0], cpu)?;
/// let norm = NormThen { gain: &gain, bias: &zeros, eps: 1e-12, then: Then::LeakyRelu { slope: 0.5 } };
/// let y = normed_conv2d(&x, &weight, &zeros, None, norm)?.flatten_all()?.to_vec1::<f64>()?;
/// assert!(y.iter().zip([-1.0, -1.0, 2.0, 2.0]).all(|(y, expected)| (y - expected).abs() < 1e-9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn normed_conv2d(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    context: Option<&Tensor>,
    norm: NormThen<'_>,
) -> Result<Tensor> {
    let sizes = check(x, weight, bias, context, norm)?;
    run(
        cpu::NormedConv2d::new(sizes, norm.eps, norm.then),
        [
            Input::one("x", x),
            Input::packed([
                ("weight", weight),
                ("bias", bias),
                ("norm's gain", norm.gain),
                ("norm's bias", norm.bias),
            ]),
            Input::optional("context", context.filter(|_| sizes.lags > 1)),
        ],
        Ok,
        || reference::normed_conv2d(x, weight, bias, context, norm),
    )
}
