//! The selective scan of Mamba (Gu & Dao 2023, eq. 2 and algorithm 2): N leaky states per channel whose decay,
//! input and output weights depend on the input.
//!
//! ```text
//! h[t] = exp(d A) h[t-1] + d x B        (E, N): d, x of channel e and bin t, B of bin t
//! y[t] = sum_n h[t] C + D x
//!
//! G[t] = g C[t] + exp(d[t+1] A) G[t+1]    (g the gradient of y)      q = G exp(d A) h[t-1]
//! gx = d sum_n G B + g D    gd = sum_n q A + x sum_n G B    gA = sum q d    gD = sum g x
//! gB = sum_e G d x          gC = sum_e g h[t]
//! ```
//! Kept for the backward pass: the state before every sixteenth bin (eighth on CUDA). What lies between is computed again, block
//! by block from the last, which costs less than to keep E N numbers per bin.

mod block;
mod cpu;
mod cuda;
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

const OP: &str = "selective_scan";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) channels: usize,
    pub(crate) states: usize,
}

/// The arguments of a [`selective_scan`], in Mamba's terms.
#[derive(Clone, Copy, Debug)]
pub struct SelectiveScan<'a> {
    /// Input x (B, T, E).
    pub x: &'a Tensor,
    /// Step sizes d (B, T, E), positive: after the softplus.
    pub delta: &'a Tensor,
    /// Rates A (E, N), negative if states are to fade: -exp(A_log).
    pub a: &'a Tensor,
    /// Input weights B (B, T, N).
    pub b: &'a Tensor,
    /// Output weights C (B, T, N).
    pub c: &'a Tensor,
    /// Weight D (E) of the input itself.
    pub d: &'a Tensor,
    /// The state before the first bin (B, E, N).
    pub h0: &'a Tensor,
}

impl<'a> SelectiveScan<'a> {
    fn named(&self) -> [(&'static str, &'a Tensor); 7] {
        let Self { x, delta, a, b, c, d, h0 } = *self;
        [("x", x), ("delta", delta), ("a", a), ("b", b), ("c", c), ("d", d), ("h0", h0)]
    }

    fn check(&self) -> Result<Sizes> {
        let check = Check::new(OP);
        let [channels, states] = check.dims("a", self.a, [None, None])?;
        let [batch, time, _] = check.dims("x", self.x, [None, None, Some(channels)])?;
        check.dims("delta", self.delta, [Some(batch), Some(time), Some(channels)])?;
        check.dims("b", self.b, [Some(batch), Some(time), Some(states)])?;
        check.dims("c", self.c, [Some(batch), Some(time), Some(states)])?;
        check.dims("d", self.d, [Some(channels)])?;
        check.dims("h0", self.h0, [Some(batch), Some(channels), Some(states)])?;
        check.dtypes(&self.named())?;
        Ok(Sizes { batch, time, channels, states })
    }
}

/// Runs Mamba's selective scan from any first state.
///
/// - Shapes are those of [`SelectiveScan`]'s fields.
/// - Returns y (B, T, E) and the last state (B, E, N), with which the next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{Device, Tensor};
/// use statenet_kernels::{SelectiveScan, selective_scan};
///
/// // One channel with one state that halves in every bin (d A = -ln 2) and is read as it is.
/// let cpu = &Device::Cpu;
/// let one = &Tensor::new(&[[[1f64], [1.0]]], cpu)?;
/// let a = &Tensor::new(&[[-std::f64::consts::LN_2]], cpu)?;
/// let d = &Tensor::new(&[0f64], cpu)?;
/// let h0 = &Tensor::new(&[[[4f64]]], cpu)?;
/// let (y, last) = selective_scan(SelectiveScan { x: one, delta: one, a, b: one, c: one, d, h0 })?;
/// assert_eq!(y.to_vec3::<f64>()?, [[[3.0], [2.5]]]);
/// assert_eq!(last.to_vec3::<f64>()?, [[[2.5]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn selective_scan(arguments: SelectiveScan<'_>) -> Result<(Tensor, Tensor)> {
    let sizes = arguments.check()?;
    let [x, delta, rest @ ..] = arguments.named();
    run(
        cpu::SelectiveScan(sizes),
        [Input::packed([x]), Input::packed([delta]), Input::packed(rest)],
        |flat| cut(&flat, arguments.x.shape(), arguments.h0.shape()),
        || reference::selective_scan(arguments),
    )
}
