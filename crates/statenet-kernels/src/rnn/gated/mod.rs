//! Gated recurrences: the four kinds of cells, and the operations that run any of them over time.

pub(crate) mod reference;
pub(crate) mod step;

use candle_core::Tensor;

pub use crate::rnn::shared::layer::GatedWeights;
use crate::{
    Layout,
    error::Result,
    rnn::{
        elman::Elman,
        gru::Gru,
        lstm::Lstm,
        shared::{cell::Cell, layer, recurrence},
        sublstm::SubLstm,
    },
};

/// A kind of recurrent unit.
///
/// With u\[t\] = W_ih x\[t\] + b_ih, q\[t\] = W_hh h\[t-1\] + b_hh, a = u + q and products of elements, the gates of H units
/// each stacked in the order given, as in PyTorch's layers with two biases:
/// ```text
/// Gru      r = sigmoid(a_r)   z = sigmoid(a_z)   n = tanh(u_n + r q_n)
///          h[t] = n + z (h[t-1] - n)
/// Lstm     i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh(a_g)   o = sigmoid(a_o)
///          c[t] = f c[t-1] + i g                 h[t] = o tanh(c[t])
/// SubLstm  i, f, z, o = sigmoid(a)
///          c[t] = f c[t-1] + z - i               h[t] = sigmoid(c[t]) - o
/// Elman    h[t] = tanh(a)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatedCell {
    /// Gated recurrent unit (Cho et al. 2014; the reset gate multiplies W_hn h + b_hn, as in PyTorch).
    Gru,
    /// Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
    Lstm,
    /// Subtractive-gated LSTM (Costa et al. 2017, eqs. 9-14).
    SubLstm,
    /// Elman network (Elman 1990): one state, no gate.
    Elman,
}

/// Runs an expression with `$C` the type of a cell.
macro_rules! with_cell {
    ($cell:expr, $C:ident => $run:expr) => {
        match $cell {
            GatedCell::Gru => {
                type $C = Gru;
                $run
            }
            GatedCell::Lstm => {
                type $C = Lstm;
                $run
            }
            GatedCell::SubLstm => {
                type $C = SubLstm;
                $run
            }
            GatedCell::Elman => {
                type $C = Elman;
                $run
            }
        }
    };
}
pub(crate) use with_cell;

impl GatedCell {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Gru, Self::Lstm, Self::SubLstm, Self::Elman];

    /// The name in errors: `gru`, `lstm`, `sublstm` or `elman`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        with_cell!(self, C => C::NAME)
    }

    /// Gates G: 3, 4, 4 and 1. A weight has G H rows.
    #[must_use]
    pub const fn n_gates(self) -> usize {
        with_cell!(self, C => C::GATES)
    }

    /// What is carried from bin to bin, (B, H) each: the state `h`, which is also the output, and for `Lstm` and `SubLstm`
    /// the cell state `c`.
    #[must_use]
    pub const fn carried(self) -> &'static [&'static str] {
        if with_cell!(self, C => C::HAS_CELL) { &["h", "c"] } else { &["h"] }
    }
}

/// All states of a recurrence, from the input's part u of its gates.
///
/// - `gates`: u (B, T, G H); see [`affine`](crate::affine()).  `weight_hh`: (G H, H).  `bias_hh`: (G H).
/// - `first`: the state before the first bin, one (B, H) for each of [`GatedCell::carried`].
/// - Returns the states (B, T, H), and what was carried out of the last bin, with which the next chunk begins.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::DType`](crate::Error::DType) or
/// [`Error::Device`](crate::Error::Device) by the argument at fault, [`Error::Range`](crate::Error::Range) for a wrong
/// number of first states.
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_kernels::{GatedCell, gated_recurrence};
///
/// // Without weights, both sigmoids of a GRU are 1/2 and n is tanh(0) = 0: the state halves in every bin.
/// let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F64, &Device::Cpu);
/// let h0 = Tensor::ones((1, 1), DType::F64, &Device::Cpu)?;
/// let (states, last) =
///     gated_recurrence(GatedCell::Gru, &zeros(&[1, 2, 3])?, &zeros(&[3, 1])?, &zeros(&[3])?, &[h0])?;
/// assert_eq!(states.to_vec3::<f64>()?, [[[0.5], [0.25]]]);
/// assert_eq!(last[0].to_vec2::<f64>()?, [[0.25]]);
///
/// // The cell state of an LSTM, of which g is 0, halves as well.
/// let (h0, c0) = (zeros(&[1, 1])?, Tensor::ones((1, 1), DType::F64, &Device::Cpu)?);
/// let (_, last) =
///     gated_recurrence(GatedCell::Lstm, &zeros(&[1, 2, 4])?, &zeros(&[4, 1])?, &zeros(&[4])?, &[h0, c0])?;
/// assert_eq!(last[1].to_vec2::<f64>()?, [[0.25]]);
/// assert_eq!(last[0].to_vec2::<f64>()?, [[0.5 * 0.25f64.tanh()]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gated_recurrence(
    cell: GatedCell,
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    with_cell!(cell, C => recurrence::recurrence::<C>(gates, weight_hh, bias_hh, first))
}

/// All states of a recurrent layer, as PyTorch's `nn.GRU` and its like compute them: the product of the input
/// with its weights and the recurrence as one operation.
///
/// The product is computed in blocks of bins that stay in the cache. Neither the gates, G H numbers in every bin, nor their
/// gradient are written to memory, which is most of what a training step would otherwise hold and move. On a device other
/// than the CPU it is [`affine`](crate::affine()) and [`gated_recurrence`].
///
/// - `x`: (B, I, T) or (B, T, I), as `layout` says.
/// - `first`, results: as of [`gated_recurrence`].
///
/// # Errors
/// As of [`gated_recurrence`].
///
/// # Examples
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_kernels::{GatedCell, GatedWeights, Layout, gated_layer};
///
/// let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu);
/// let x = zeros(&[2, 5, 3])?; // 2 stimuli, 5 channels, 3 bins
/// let (weight_ih, weight_hh, bias) = (zeros(&[12, 5])?, zeros(&[12, 4])?, zeros(&[12])?);
/// let weights = GatedWeights { weight_ih: &weight_ih, weight_hh: &weight_hh, bias_ih: &bias, bias_hh: &bias };
/// let h0 = Tensor::ones((2, 4), DType::F32, &Device::Cpu)?;
/// let (states, last) = gated_layer(GatedCell::Gru, &x, Layout::ChannelsFirst, &weights, &[h0])?;
/// assert_eq!(states.dims(), [2, 3, 4]);
/// assert_eq!(last[0].to_vec2::<f32>()?, [[0.125; 4]; 2]); // without weights the state halves in every bin
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gated_layer(
    cell: GatedCell,
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    with_cell!(cell, C => layer::layer::<C>(x, layout, weights, first))
}

/// What [`gated_layer`] carries out of the last bin, alone.
///
/// Gradients start at that bin: those of the other states are neither written nor read.
///
/// # Errors
/// As of [`gated_recurrence`].
pub fn gated_layer_last(
    cell: GatedCell,
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<Vec<Tensor>> {
    with_cell!(cell, C => layer::layer_last::<C>(x, layout, weights, first))
}
