//! The running average of the past that adaptation filters subtract from a sound.
//!
//! ```text
//! e[t+1] = a e[t] + (1-a) x[t]
//!
//! G[t] = g[t] + a G[t+1]    (g the gradient of e, G[T] that of the last)
//! gx[t] = (1-a) G[t+1]    ga = sum G[t+1] (e[t] - x[t])    ge[0] = G[0]
//! ```
//! e\[t\] depends on the bins before t only: x - e is the response of the adaptation to mean sound level
//! (Willmore et al. 2016: relu(x - e) with a = exp(-dt/tau)), and AdapTrans takes relu(x - w e) for onsets
//! and relu(e - w x) for offsets, each with its own a.
//!
//! The state is e of the next bin, one number per channel. As if the first bin had lasted for ever before the
//! clip: e0 = x\[0\], so that e\[0\] = x\[0\].

pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    Layout,
    error::{Error, Result},
    scans::leaky::{Sizes, cpu::Leaky},
    tensor::{
        arguments::Check,
        driver::{Input, cut, run},
    },
};

const OP: &str = "adaptation";

fn check(x: &Tensor, layout: Layout, decay: &Tensor, e0: &Tensor) -> Result<Sizes> {
    let check = Check::new(OP);
    let sizes = Sizes::new(check, x, layout, ("e0", e0))?;
    check.dims("decay", decay, [Some(sizes.channels)])?;
    check.dtypes(&[("x", x), ("decay", decay), ("e0", e0)])?;
    Ok(sizes)
}

/// The exponential average of the bins before each bin, per channel.
///
/// - `x`: (B, C, T) or (B, T, C), as `layout` says. A cochleagram (B, 1, F, T) is (B, F, T) by a reshape that
///   moves nothing, channels first.
/// - `decay`: a (C), in \[0, 1) for an average.
/// - `e0`: (B, C), the average before the first bin; `x` of that bin, as if it had lasted for ever.
/// - Returns the averages, laid out like `x`, and the average after the last bin (B, C), with which the next
///   chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{Layout, adaptation};
///
/// // A step up and what a band that forgets half in each bin makes of it.
/// let x = Tensor::new(&[[[0f32, 8.0, 8.0, 8.0]]], &Device::Cpu)?;
/// let half = Tensor::new(&[0.5f32], &Device::Cpu)?;
/// let e0 = x.narrow(2, 0, 1)?.squeeze(2)?;
/// let (average, next) = adaptation(&x, Layout::ChannelsFirst, &half, &e0)?;
/// assert_eq!((x - average)?.to_vec3::<f32>()?, [[[0.0, 8.0, 4.0, 2.0]]]);
/// assert_eq!(next.to_vec2::<f32>()?, [[7.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn adaptation(x: &Tensor, layout: Layout, decay: &Tensor, e0: &Tensor) -> Result<(Tensor, Tensor)> {
    let sizes = check(x, layout, decay, e0)?;
    let gain = decay.affine(-1.0, 1.0).map_err(Error::in_op(OP))?;
    run(
        Leaky::<true>(sizes),
        [Input::one("x", x), Input::packed([("decay", decay), ("1 - decay", &gain), ("e0", e0)])],
        |flat| cut(&flat, sizes.shape(), e0.shape()),
        || reference::adaptation(x, layout, decay, e0),
    )
}
