//! Recurrent modules of which the state after the last bin is all that is asked for.
//!
//! Their gradients start at that state: none for the other bins is written, or read on the way back.

use candle_core::Tensor;

use super::ModuleWeights;
use crate::{
    Layout,
    error::Result,
    rnn::elman::Rnn,
    rnn::{gru::Gru, lstm::Lstm, shared::run_last, sublstm::SubLstm},
};

/// The last state (B, H) of [`modules::gru`](super::gru()), with the same arguments.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_kernels::{Layout, modules::{self, ModuleWeights}};
///
/// let random = |shape: &[usize]| Tensor::randn(0f32, 1.0, shape, &Device::Cpu);
/// let (x, h0) = (random(&[2, 5, 3])?, random(&[2, 4])?);
/// let (weight_ih, weight_hh, bias) = (random(&[12, 5])?, random(&[12, 4])?, random(&[12])?);
/// let weights =
///     ModuleWeights { weight_ih: &weight_ih, weight_hh: &weight_hh, bias_ih: &bias, bias_hh: &bias };
/// let last = modules::last::gru(&x, Layout::ChannelsFirst, &weights, &h0)?;
/// let (_, of_all) = modules::gru(&x, Layout::ChannelsFirst, &weights, &h0)?;
/// assert_eq!(last.to_vec2::<f32>()?, of_all.to_vec2::<f32>()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As of [`modules::gru`](super::gru()).
pub fn gru(x: &Tensor, layout: Layout, weights: &ModuleWeights<'_>, h0: &Tensor) -> Result<Tensor> {
    match run_last(Gru, x, layout, weights, h0, None)? {
        Some((last, _)) => Ok(last),
        None => super::gru(x, layout, weights, h0).map(|(_, last)| last),
    }
}

/// The last state (B, H) of [`modules::rnn`](super::rnn()), with the same arguments.
///
/// # Errors
/// As of [`modules::gru`](super::gru()).
pub fn rnn(x: &Tensor, layout: Layout, weights: &ModuleWeights<'_>, h0: &Tensor) -> Result<Tensor> {
    match run_last(Rnn, x, layout, weights, h0, None)? {
        Some((last, _)) => Ok(last),
        None => super::rnn(x, layout, weights, h0).map(|(_, last)| last),
    }
}

/// The last state and the last cell state, (B, H) each, of [`modules::lstm`](super::lstm()), with the same arguments.
///
/// # Errors
/// As of [`modules::gru`](super::gru()).
pub fn lstm(
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    match run_last(Lstm, x, layout, weights, h0, Some(c0))? {
        Some((last, Some(cell))) => Ok((last, cell)),
        _ => super::lstm(x, layout, weights, h0, c0).map(|run| (run.last, run.cell)),
    }
}

/// The last state and the last cell state, (B, H) each, of [`modules::sublstm`](super::sublstm()), with the same arguments.
///
/// # Errors
/// As of [`modules::gru`](super::gru()).
pub fn sublstm(
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<(Tensor, Tensor)> {
    match run_last(SubLstm, x, layout, weights, h0, Some(c0))? {
        Some((last, Some(cell))) => Ok((last, cell)),
        _ => super::sublstm(x, layout, weights, h0, c0).map(|run| (run.last, run.cell)),
    }
}
