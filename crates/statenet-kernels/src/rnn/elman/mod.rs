//! The recurrence of an Elman network (Elman 1990, in PyTorch's form with two biases).
//!
//! ```text
//! h[t] = tanh(u[t] + W_hh h[t-1] + b_hh)
//! ```
//! With g the gradient of h\[t\], backward in time: gu = gq = g (1 - h\[t\]^2).

mod cell;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::Result,
    rnn::shared::{RecurrentStep, run},
};

/// The cell of an Elman network.
#[derive(Clone, Copy, Debug)]
pub struct Rnn;

/// The single-step form of [`rnn`]: the input's part (H) in, state (H) out; the state is h.
pub type RnnStep = RecurrentStep<Rnn>;

/// All states of an Elman layer, from the input's part.
///
/// - `gates`: (B, T, H), W_ih x + b_ih; see [`affine`](crate::affine).
/// - `weight_hh`: (H, H).  `bias_hh`: (H).  `h0`: (B, H), the state before the first bin.
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
/// let cpu = &Device::Cpu;
/// let gates = Tensor::zeros((1, 2, 1), DType::F64, cpu)?;
/// let weight = Tensor::ones((1, 1), DType::F64, cpu)?;
/// let bias = Tensor::zeros(1, DType::F64, cpu)?;
/// let h0 = Tensor::ones((1, 1), DType::F64, cpu)?;
/// let (_, last) = statenet_kernels::rnn(&gates, &weight, &bias, &h0)?;
/// assert_eq!(last.to_vec2::<f64>()?, [[1f64.tanh().tanh()]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn rnn(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    match run(Rnn, gates, weight_hh, bias_hh, h0, None)? {
        Some(run) => Ok((run.states, run.last)),
        None => reference::rnn(gates, weight_hh, bias_hh, h0),
    }
}
