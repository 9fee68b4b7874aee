//! The recurrence of the subtractive-gated LSTM (Costa et al. 2017, "Cortical microcircuits as gated-recurrent neural
//! networks", eq. 9-14), whose gates inhibit by subtraction, as inhibitory interneurons are thought to do.
//!
//! ```text
//! a[t] = u[t] + W_hh h[t-1] + b_hh                           (4H, in the order i, f, z, o)
//! i, f, z, o = sigmoid(a)
//! c[t] = f c[t-1] + z - i        h[t] = sigmoid(c[t]) - o
//! ```
//! With s = sigmoid(c\[t\]), and gh and gc the gradients of h\[t\] and c\[t\], backward in time:
//! ```text
//! g_o = -gh o (1-o)            gc += gh s (1-s)
//! g_i = -gc i (1-i)            g_f = gc c[t-1] f (1-f)       g_z = gc z (1-z)
//! gu = gq = [g_i, g_f, g_z, g_o]                             gc of c[t-1] = gc f
//! ```
//! Kept for the backward pass: i, f, z, o, c\[t-1\] and s, so 6 H numbers per bin and stimulus.

mod cell;
pub(crate) mod reference;

use candle_core::Tensor;

use crate::{
    error::Result,
    rnn::shared::{CellRun, RecurrentStep, run_with_cell},
};

/// The cell of a subLSTM.
#[derive(Clone, Copy, Debug)]
pub struct SubLstm;

/// The single-step form of [`sublstm`]: gates (4H) in, state (H) out; the state is h, then c.
pub type SubLstmStep = RecurrentStep<SubLstm>;

/// All states of a subtractive-gated LSTM layer, from the input's part of its gates.
///
/// - `gates`: (B, T, 4H), W_ih x + b_ih in the order i, f, z, o; see [`affine`](crate::affine).
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
/// // Without weights all gates are 1/2: excitation and inhibition cancel, and the cell state halves in every bin.
/// let cpu = &Device::Cpu;
/// let gates = Tensor::zeros((1, 2, 4), DType::F64, cpu)?;
/// let weight = Tensor::zeros((4, 1), DType::F64, cpu)?;
/// let bias = Tensor::zeros(4, DType::F64, cpu)?;
/// let (h0, c0) = (Tensor::zeros((1, 1), DType::F64, cpu)?, Tensor::ones((1, 1), DType::F64, cpu)?);
/// let run = statenet_kernels::sublstm(&gates, &weight, &bias, &h0, &c0)?;
/// assert_eq!(run.cell.to_vec2::<f64>()?, [[0.25]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sublstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    match run_with_cell(SubLstm, gates, weight_hh, bias_hh, h0, c0)? {
        Some(run) => Ok(run),
        None => reference::sublstm(gates, weight_hh, bias_hh, h0, c0),
    }
}
