//! The recurrence of long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, in
//! PyTorch's form with two biases).
//!
//! ```text
//! a[t] = u[t] + W_hh h[t-1] + b_hh                           (4H, in the order i, f, g, o)
//! i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh(a_g)   o = sigmoid(a_o)
//! c[t] = f c[t-1] + i g        h[t] = o tanh(c[t])
//! ```
//! With s = tanh(c\[t\]), and gh and gc the gradients of h\[t\] and c\[t\], backward in time:
//! ```text
//! g_o = gh s o (1-o)           gc += gh o (1 - s^2)
//! g_i = gc g i (1-i)           g_f = gc c[t-1] f (1-f)       g_g = gc i (1 - g^2)
//! gu = gq = [g_i, g_f, g_g, g_o]                             gc of c[t-1] = gc f
//! ```
//! Kept for the backward pass: i, f, g, o, c\[t-1\] and s, so 6 H numbers per bin and stimulus.

mod cell;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::Result,
    rnn::shared::{CellRun, RecurrentStep, run_with_cell},
};

/// The cell of an LSTM.
#[derive(Clone, Copy, Debug)]
pub struct Lstm;

/// The single-step form of [`lstm`]: gates (4H) in, state (H) out; the state is h, then c.
pub type LstmStep = RecurrentStep<Lstm>;

/// All states of an LSTM layer, from the input's part of its gates.
///
/// - `gates`: (B, T, 4H), W_ih x + b_ih in PyTorch's order i, f, g, o; see [`affine`](crate::affine).
/// - `weight_hh`: (4H, H).  `bias_hh`: (4H).  `h0`, `c0`: (B, H), state and cell state before the first bin.
/// - Returns the states (B, T, H), and the last state and cell state (B, H), from which the next chunk goes on.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
///
/// // Without weights the gates are 1/2 and g is 0: the cell state halves in every bin.
/// let cpu = &Device::Cpu;
/// let gates = Tensor::zeros((1, 2, 4), DType::F64, cpu)?;
/// let weight = Tensor::zeros((4, 1), DType::F64, cpu)?;
/// let bias = Tensor::zeros(4, DType::F64, cpu)?;
/// let (h0, c0) = (Tensor::zeros((1, 1), DType::F64, cpu)?, Tensor::ones((1, 1), DType::F64, cpu)?);
/// let run = statenet_kernels::lstm(&gates, &weight, &bias, &h0, &c0)?;
/// assert_eq!(run.cell.to_vec2::<f64>()?, [[0.25]]);
/// assert_eq!(run.last.to_vec2::<f64>()?, [[0.5 * 0.25f64.tanh()]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    match run_with_cell(Lstm, gates, weight_hh, bias_hh, h0, c0)? {
        Some(run) => Ok(run),
        None => reference::lstm(gates, weight_hh, bias_hh, h0, c0),
    }
}
