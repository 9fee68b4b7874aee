//! The Legendre memory unit (Voelker et al. 2019, eqs. 6-8): a linear memory of M numbers with a scalar
//! input, and H units that read it.
//!
//! ```text
//! u[t] = v_u[t] + e_h h[t-1] + e_m m[t-1]          m[t] = Ad m[t-1] + Bd u[t]
//! q[t] = v_q[t] + W_h h[t-1] + W_m m[t]            h[t] = tanh(q[t])
//! ```
//! `v` holds the time-independent parts W_x x and e_x x, one large product before the recurrence.
//! With g the gradient of h[t] and k that of m[t], backward in time:
//! ```text
//! gq = g (1 - h[t]^2)    k += W_m^T gq    gu = Bd k
//! g of h[t-1] += W_h^T gq + e_h gu        k of m[t-1] = Ad^T k + e_m gu
//! gv = [gq, gu]    gW_h = sum gq h[t-1]^T    gW_m = sum gq m[t]^T    ge_h = sum gu h[t-1]    ge_m = sum gu m[t-1]
//! ```
//! Kept for the backward pass: m, so M numbers per bin and stimulus.

mod cpu;
pub(crate) mod reference;
pub(crate) mod step;
mod weights;

use candle_core::Tensor;

use crate::{
    error::Result,
    tensor::{
        arguments::Check,
        driver::{Input, cut, run},
    },
};

const OP: &str = "lmu";

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) hidden: usize,
    pub(crate) memory: usize,
}

/// The weights of an [`lmu`], by the names of its equations.
#[derive(Clone, Copy, Debug)]
pub struct LmuWeights<'a> {
    /// W_h (H, H), from the units to themselves.
    pub w_h: &'a Tensor,
    /// W_m (H, M), from the memory to the units.
    pub w_m: &'a Tensor,
    /// e_h (H), from the units to the memory's input.
    pub e_h: &'a Tensor,
    /// e_m (M), from the memory to its input.
    pub e_m: &'a Tensor,
    /// Ad (M, M), from the memory to itself; a constant, which gets no gradient.
    pub ad: &'a Tensor,
    /// Bd (M), from its input to the memory; a constant, which gets no gradient.
    pub bd: &'a Tensor,
}

impl<'a> LmuWeights<'a> {
    fn named(&self) -> [(&'static str, &'a Tensor); 6] {
        let Self { w_h, w_m, e_h, e_m, ad, bd } = *self;
        [("w_h", w_h), ("w_m", w_m), ("e_h", e_h), ("e_m", e_m), ("ad", ad), ("bd", bd)]
    }

    /// H and M, if the shapes agree.
    fn check(&self) -> Result<[usize; 2]> {
        let check = Check::new(OP);
        let [hidden, memory] = check.dims("w_m", self.w_m, [None, None])?;
        check.dims("w_h", self.w_h, [Some(hidden), Some(hidden)])?;
        check.dims("e_h", self.e_h, [Some(hidden)])?;
        check.dims("e_m", self.e_m, [Some(memory)])?;
        check.dims("ad", self.ad, [Some(memory), Some(memory)])?;
        check.dims("bd", self.bd, [Some(memory)])?;
        Ok([hidden, memory])
    }
}

fn check(inputs: &Tensor, weights: LmuWeights<'_>, h0: &Tensor, m0: &Tensor) -> Result<Sizes> {
    let check = Check::new(OP);
    let [hidden, memory] = weights.check()?;
    let [batch, time, _] = check.dims("inputs", inputs, [None, None, Some(hidden + 1)])?;
    check.dims("h0", h0, [Some(batch), Some(hidden)])?;
    check.dims("m0", m0, [Some(batch), Some(memory)])?;
    check.dtypes(&[("inputs", inputs)])?;
    for (argument, tensor) in weights.named().into_iter().chain([("h0", h0), ("m0", m0)]) {
        check.dtype(argument, tensor, inputs)?;
    }
    Ok(Sizes { batch, time, hidden, memory })
}

/// Runs a Legendre memory unit from any first state.
///
/// - `inputs`: (B, T, H + 1), in each bin W_x x (H) and then e_x x, the product of x with the rows of W_x and e_x
///   below them.
/// - `weights`: [`LmuWeights`].  `h0`: (B, H).  `m0`: (B, M).
/// - Returns the units' states (B, T, H), the last of them (B, H), and the last memory (B, M); with these two the
///   next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_kernels::{LmuWeights, lmu};
///
/// // A memory of one number that halves in every bin and takes in its input; the unit does not read it.
/// let cpu = &Device::Cpu;
/// let inputs = Tensor::new(&[[[0f64, 4.0], [0.0, 0.0]]], cpu)?;
/// let (zero, row) = (&Tensor::zeros((1, 1), DType::F64, cpu)?, &Tensor::zeros(1, DType::F64, cpu)?);
/// let (ad, bd) = (&Tensor::new(&[[0.5f64]], cpu)?, &Tensor::new(&[1f64], cpu)?);
/// let weights = LmuWeights { w_h: zero, w_m: zero, e_h: row, e_m: row, ad, bd };
/// let (states, _, memory) = lmu(&inputs, weights, zero, zero)?;
/// assert_eq!(states.to_vec3::<f64>()?, [[[0.0], [0.0]]]);
/// assert_eq!(memory.to_vec2::<f64>()?, [[2.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lmu(
    inputs: &Tensor,
    weights: LmuWeights<'_>,
    h0: &Tensor,
    m0: &Tensor,
) -> Result<(Tensor, Tensor, Tensor)> {
    let sizes = check(inputs, weights, h0, m0)?;
    let LmuWeights { w_h, w_m, e_h, e_m, ad, bd } = weights;
    let parameters = [("w_h", w_h), ("e_h", e_h), ("w_m", w_m), ("e_m", e_m), ("h0", h0), ("m0", m0)];
    let Sizes { batch, time, hidden, .. } = sizes;
    run(
        cpu::Lmu(sizes),
        [
            Input::one("inputs", inputs),
            Input::packed(parameters),
            Input::packed([("ad", ad), ("bd", bd)]).constant(),
        ],
        |flat| {
            let (states, memory) = cut(&flat, (batch, time, hidden), m0.shape())?;
            Ok((states.clone(), states.narrow(1, time - 1, 1)?.squeeze(1)?, memory))
        },
        || reference::lmu(inputs, weights, h0, m0),
    )
}
