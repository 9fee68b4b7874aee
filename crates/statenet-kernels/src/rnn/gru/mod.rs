//! The recurrence of gated recurrent units (Cho et al. 2014, in PyTorch's form with two biases).
//!
//! ```text
//! q[t] = W_hh h[t-1] + b_hh                                  (3H, in the order r, z, n)
//! r = sigmoid(u_r + q_r)   z = sigmoid(u_z + q_z)   n = tanh(u_n + r q_n)
//! h[t] = n + z (h[t-1] - n)
//! ```
//! `u` is the time-independent part W_ih x + b_ih, one large product before the recurrence.
//! With g the gradient of h[t], backward in time:
//! ```text
//! g_n = g (1-z)(1-n^2)   g_z = g (h[t-1]-n) z (1-z)   g_r = g_n q_n r (1-r)
//! gu = [g_r, g_z, g_n]   gq = [g_r, g_z, g_n r]       g of h[t-1] += g z + W_hh^T gq
//! gW_hh = sum_t gq[t] h[t-1]^T                        gb_hh = sum_t gq[t]
//! ```
//! Kept for the backward pass: r, z, n, q_n, so 4 H numbers per bin and stimulus.
//! Differs from Cho et al.: the reset gate multiplies W_hn h + b_hn, not h.

mod cell;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::Result,
    rnn::shared::{RecurrentStep, run},
};

/// The cell of a GRU.
#[derive(Clone, Copy, Debug)]
pub struct Gru;

/// The single-step form of [`gru`]: gates (3H) in, state (H) out; the state is h.
pub type GruStep = RecurrentStep<Gru>;

/// All states of a GRU layer, from the input's part of its gates.
///
/// - `gates`: (B, T, 3H), W_ih x + b_ih in PyTorch's order r, z, n; see [`affine`](crate::affine).
/// - `weight_hh`: (3H, H).  `bias_hh`: (3H).  `h0`: (B, H), the state before the first bin.
/// - Returns the states (B, T, H) and the last of them (B, H), from which the next chunk goes on.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
///
/// // Without weights, both sigmoids are 1/2 and n is tanh(0) = 0: the state halves in every bin.
/// let cpu = &Device::Cpu;
/// let gates = Tensor::zeros((1, 2, 3), DType::F64, cpu)?;
/// let weight = Tensor::zeros((3, 1), DType::F64, cpu)?;
/// let bias = Tensor::zeros(3, DType::F64, cpu)?;
/// let h0 = Tensor::ones((1, 1), DType::F64, cpu)?;
/// let (states, last) = statenet_kernels::gru(&gates, &weight, &bias, &h0)?;
/// assert_eq!(states.to_vec3::<f64>()?, [[[0.5], [0.25]]]);
/// assert_eq!(last.to_vec2::<f64>()?, [[0.25]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gru(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    match run(Gru, gates, weight_hh, bias_hh, h0, None)? {
        Some(run) => Ok((run.states, run.last)),
        None => reference::gru(gates, weight_hh, bias_hh, h0),
    }
}
