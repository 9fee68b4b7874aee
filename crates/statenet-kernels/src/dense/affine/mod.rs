//! The affine map of every time bin: the product of inputs and weights with its bias in one pass.
//!
//! ```text
//! y[b,o,t] = sum_i W[o,i] x[b,i,t] + c[o]
//!
//! gx[b,i,t] = sum_o W[o,i] g[b,o,t]    gW[o,i] = sum_bt g[b,o,t] x[b,i,t]    gc[o] = sum_bt g[b,o,t]
//! ```
//! With a nonlinearity after it, phi(y), its slope is computed from what came out: neither y nor g phi' is kept for the
//! whole batch.
//!
//! Input and result lie in either [`Layout`]; the matrix product reads and writes with strides, so that a
//! change of layout costs no copy.

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    Layout,
    error::Result,
    pointwise::then::Then,
    tensor::{
        arguments::Check,
        driver::{Input, run},
    },
};

const OP: &str = "affine";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) time: usize,
}

fn check(x: &Tensor, from: Layout, weight: &Tensor, bias: Option<&Tensor>, then: Then) -> Result<Sizes> {
    let check = Check::new(OP);
    let [outputs, inputs] = check.dims("weight", weight, [None, None])?;
    let [batch, time] = match from {
        Layout::ChannelsFirst => {
            let [batch, _, time] = check.dims("x", x, [None, Some(inputs), None])?;
            [batch, time]
        }
        Layout::TimeFirst => {
            let [batch, time, _] = check.dims("x", x, [None, None, Some(inputs)])?;
            [batch, time]
        }
    };
    check.dtypes(&[("x", x), ("weight", weight)])?;
    if let Some(bias) = bias {
        check.dims("bias", bias, [Some(outputs)])?;
        check.dtype("bias", bias, x)?;
    }
    then.check(check)?;
    Ok(Sizes { batch, inputs, outputs, time })
}

/// W x + c in every time bin.
///
/// - `x`: (B, I, T) or (B, T, I), as `from` says.  `weight`: (O, I).  `bias`: (O), zero if `None`.
/// - Returns (B, O, T) or (B, T, O), as `to` says.
///
/// Bins do not mix: a change of `x` at one bin changes the result at that bin only, bit for bit.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{Layout, affine};
///
/// let x = Tensor::new(&[[[1f32, 2.0], [3.0, 4.0]]], &Device::Cpu)?; // one stimulus, 2 channels, 2 bins
/// let weight = Tensor::new(&[[1f32, 10.0]], &Device::Cpu)?;
/// let y = affine(&x, Layout::ChannelsFirst, &weight, None, Layout::ChannelsFirst)?;
/// assert_eq!(y.to_vec3::<f32>()?, [[[31.0, 42.0]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn affine(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
) -> Result<Tensor> {
    affine_then(x, from, weight, bias, to, Then::Identity)
}

/// `then`(W x + c) in every time bin.
///
/// - `x`, `from`, `weight`, `bias`, `to`: as of [`affine`].
/// - Returns (B, O, T) or (B, T, O), as `to` says.
///
/// Kept for the backward pass are input and result only.
///
/// # Errors
/// As [`affine`]; [`Error::Range`](crate::Error::Range) for a slope.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{Layout, Then, affine_then};
///
/// let x = Tensor::new(&[[[1f32, -2.0]]], &Device::Cpu)?; // one stimulus, one channel, 2 bins
/// let weight = Tensor::new(&[[10f32]], &Device::Cpu)?;
/// let channels = Layout::ChannelsFirst;
/// let y = affine_then(&x, channels, &weight, None, channels, Then::Relu)?;
/// assert_eq!(y.to_vec3::<f32>()?, [[[10.0, 0.0]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn affine_then(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
    then: Then,
) -> Result<Tensor> {
    let sizes = check(x, from, weight, bias, then)?;
    run(
        cpu::Affine { sizes, from, to, then },
        [Input::one("x", x), Input::one("weight", weight), Input::optional("bias", bias)],
        Ok,
        || reference::affine_then(x, from, weight, bias, to, then),
    )
}
