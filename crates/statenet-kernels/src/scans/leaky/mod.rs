//! Leaky integrators: one first-order recurrence per channel.
//!
//! ```text
//! z[t] = a z[t-1] + b x[t]
//!
//! G[t] = g[t] + a G[t+1]    (g the gradient of z, G[T] = 0)
//! gx[t] = b G[t]    ga = sum G[t] z[t-1]    gb = sum G[t] x[t]    gz[-1] = a G[0]
//! ```
//! Nothing but the result is kept for the backward pass.
//!
//! The learnable decay of DNet's hidden units (Rahman et al. 2019) is a = 1 - 1/tau, b = 1/tau with
//! tau = 1 + d^2 bins; z0 = x\[0\] is the state as if the first bin had lasted for ever.

pub(crate) mod cpu;
mod cuda;
pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

use crate::{
    Layout,
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, cut, run},
    },
};

const OP: &str = "leaky";

/// Sizes of a checked call, here and in [`adaptation`](crate::adaptation()).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) time: usize,
    pub(crate) layout: Layout,
}

impl Sizes {
    /// Those of x in its layout, where the state says how many stimuli and channels there are.
    pub(crate) fn new(
        check: Check,
        x: &Tensor,
        layout: Layout,
        (state, z0): (&'static str, &Tensor),
    ) -> Result<Self> {
        let [batch, channels] = check.dims(state, z0, [None, None])?;
        let [_, time] = match layout {
            Layout::ChannelsFirst => {
                let [batch, _, time] = check.dims("x", x, [Some(batch), Some(channels), None])?;
                [batch, time]
            }
            Layout::TimeFirst => {
                let [batch, time, _] = check.dims("x", x, [Some(batch), None, Some(channels)])?;
                [batch, time]
            }
        };
        Ok(Self { batch, channels, time, layout })
    }

    pub(crate) const fn shape(&self) -> (usize, usize, usize) {
        self.layout.shape(self.batch, self.channels, self.time)
    }
}

fn check(x: &Tensor, layout: Layout, decay: &Tensor, gain: &Tensor, z0: &Tensor) -> Result<Sizes> {
    let check = Check::new(OP);
    let sizes = Sizes::new(check, x, layout, ("z0", z0))?;
    check.dims("decay", decay, [Some(sizes.channels)])?;
    check.dims("gain", gain, [Some(sizes.channels)])?;
    check.dtypes(&[("x", x), ("decay", decay), ("gain", gain), ("z0", z0)])?;
    Ok(sizes)
}

/// Runs a leaky integrator in every channel, from any first state.
///
/// - `x`: (B, C, T) or (B, T, C), as `layout` says. A cochleagram (B, 1, F, T) is (B, F, T) by a reshape that
///   moves nothing, channels first; recurrent units are time first.
/// - `decay`: a (C), below 1 in magnitude if the state is to fade.  `gain`: b (C).
/// - `z0`: (B, C), the state before the first bin.
/// - Returns the states, laid out like `x`, and the last of them (B, C), with which the next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{Layout, leaky};
///
/// // Half of the state stays, half of the input comes in.
/// let x = Tensor::new(&[[[2f32, 4.0]]], &Device::Cpu)?;
/// let half = Tensor::new(&[0.5f32], &Device::Cpu)?;
/// let z0 = Tensor::new(&[[8f32]], &Device::Cpu)?;
/// let (states, last) = leaky(&x, Layout::ChannelsFirst, &half, &half, &z0)?;
/// assert_eq!(states.to_vec3::<f32>()?, [[[5.0, 4.5]]]);
/// assert_eq!(last.to_vec2::<f32>()?, [[4.5]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn leaky(
    x: &Tensor,
    layout: Layout,
    decay: &Tensor,
    gain: &Tensor,
    z0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let sizes = check(x, layout, decay, gain, z0)?;
    run(
        cpu::Leaky::<false>(sizes),
        [Input::one("x", x), Input::packed([("decay", decay), ("gain", gain), ("z0", z0)])],
        |flat| cut(&flat, sizes.shape(), z0.shape()),
        || reference::leaky(x, layout, decay, gain, z0),
    )
}
