//! Whole recurrent modules, as PyTorch's `nn.GRU` and its like compute them: the product that makes gates of the input, and
//! the recurrence, as one operation.
//!
//! The product is computed in blocks of bins that stay in the cache. Neither the gates, G H numbers in every bin, nor their
//! gradient are ever written to memory, which is most of what a training step would otherwise hold and move.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_kernels::{Layout, modules::{self, ModuleWeights}};
//!
//! let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu);
//! let x = zeros(&[2, 5, 3])?; // 2 stimuli, 5 channels, 3 bins
//! let (weight_ih, weight_hh, bias) = (zeros(&[12, 5])?, zeros(&[12, 4])?, zeros(&[12])?);
//! let weights =
//!     ModuleWeights { weight_ih: &weight_ih, weight_hh: &weight_hh, bias_ih: &bias, bias_hh: &bias };
//! let h0 = Tensor::ones((2, 4), DType::F32, &Device::Cpu)?;
//! let (states, last) = modules::gru(&x, Layout::ChannelsFirst, &weights, &h0)?;
//! assert_eq!(states.dims(), [2, 3, 4]);
//! assert_eq!(last.to_vec2::<f32>()?, [[0.125; 4]; 2]); // without weights the state halves in every bin
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod last;

use candle_core::Tensor;

use crate::{
    Layout, affine,
    error::Result,
    rnn::elman::{self, Rnn},
    rnn::{
        gru::{self, Gru},
        lstm::{self, Lstm},
        shared::{CellRun, Run, run_module},
        sublstm::{self, SubLstm},
    },
};

/// The weights of one layer of G gates, as PyTorch names and orders them.
#[derive(Clone, Copy, Debug)]
pub struct ModuleWeights<'a> {
    /// (G H, I).
    pub weight_ih: &'a Tensor,
    /// (G H, H).
    pub weight_hh: &'a Tensor,
    /// (G H).
    pub bias_ih: &'a Tensor,
    /// (G H).
    pub bias_hh: &'a Tensor,
}

impl ModuleWeights<'_> {
    /// The input's part of the gates, (B, T, G H).
    fn gates(&self, x: &Tensor, layout: Layout) -> Result<Tensor> {
        affine(x, layout, self.weight_ih, Some(self.bias_ih), Layout::TimeFirst)
    }
}

/// [`gru`](gru::gru()) of an input (B, I, T) or (B, T, I), as `layout` says; `h0` (B, H). Returns the states (B, T, H) and
/// the last of them (B, H).
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault.
pub fn gru(x: &Tensor, layout: Layout, weights: &ModuleWeights<'_>, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    match run_module(Gru, x, layout, weights, h0, None)? {
        Some(Run { states, last, .. }) => Ok((states, last)),
        None => gru::gru(&weights.gates(x, layout)?, weights.weight_hh, weights.bias_hh, h0),
    }
}

/// [`rnn`](elman::rnn()) of an input; arguments and results as of [`gru`](gru()).
///
/// # Errors
/// As of [`gru`](gru()).
pub fn rnn(x: &Tensor, layout: Layout, weights: &ModuleWeights<'_>, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    match run_module(Rnn, x, layout, weights, h0, None)? {
        Some(Run { states, last, .. }) => Ok((states, last)),
        None => elman::rnn(&weights.gates(x, layout)?, weights.weight_hh, weights.bias_hh, h0),
    }
}

/// [`lstm`](lstm::lstm()) of an input (B, I, T) or (B, T, I), as `layout` says; `h0`, `c0` (B, H).
///
/// # Errors
/// As of [`gru`](gru()).
pub fn lstm(
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    match run_module(Lstm, x, layout, weights, h0, Some(c0))? {
        Some(Run { states, last, cell: Some(cell) }) => Ok(CellRun { states, last, cell }),
        _ => lstm::lstm(&weights.gates(x, layout)?, weights.weight_hh, weights.bias_hh, h0, c0),
    }
}

/// [`sublstm`](sublstm::sublstm()) of an input; arguments and results as of [`lstm`](lstm()).
///
/// # Errors
/// As of [`gru`](gru()).
pub fn sublstm(
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    match run_module(SubLstm, x, layout, weights, h0, Some(c0))? {
        Some(Run { states, last, cell: Some(cell) }) => Ok(CellRun { states, last, cell }),
        _ => sublstm::sublstm(&weights.gates(x, layout)?, weights.weight_hh, weights.bias_hh, h0, c0),
    }
}
