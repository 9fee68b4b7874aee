//! What a kind of unit is: its gates in one bin, forward and backward.

use candle_core::{Result, Tensor};

use crate::{
    cuda::Text,
    simd::float::{MulAdd, Real},
};

/// One kind of unit: its gates in one bin, forward and backward, for all units of one stimulus.
///
/// Rows are padded to whole vectors: gate g of unit j is number g wide + j. What lies in the padding is finite and never
/// read for a result.
pub(crate) trait Cell: Copy + Send + Sync + 'static {
    /// Its name in errors.
    const NAME: &'static str;
    /// Gates G: rows of H in the recurrent weights.
    const GATES: usize;
    /// Whether a cell state c is carried beside h.
    const HAS_CELL: bool;
    /// Whether u and q enter the gates apart, so that their gradients differ.
    const SPLITS: bool;
    /// Rows of H that the backward pass needs of each bin, beside h and c.
    const KEPT: usize;

    /// The kernels of a CUDA device: its `cell.cu`, then the loop around it.
    fn text() -> &'static Text;

    /// h\[t\] and c\[t\] in place of those before, and what is kept (KEPT rows).
    fn forward<F: Real, M: MulAdd>(bin: Forward<'_, F>);

    /// h\[t\] and, where there is one, c\[t\] from plain tensors.
    fn plain(bin: &PlainBin<'_>) -> Result<Vec<Tensor>>;

    /// The gradients gu and gq, and those of h\[t-1\] (without the product) and c\[t-1\] in place of the carried ones.
    fn backward<F: Real, M: MulAdd>(bin: Backward<'_, F>);
}

/// One bin of one stimulus on its way forward. All slices are whole vectors long.
pub(crate) struct Forward<'a, F> {
    /// Units H, padded.
    pub(crate) wide: usize,
    /// The input's part of the gates, (G, wide).
    pub(crate) u: &'a [F],
    /// The state's part of the gates, (G, wide); may be overwritten.
    pub(crate) q: &'a mut [F],
    /// The state (wide).
    pub(crate) h: &'a mut [F],
    /// The cell state (wide), or nothing.
    pub(crate) c: &'a mut [F],
    /// (KEPT, wide); also the place for what is computed on the way.
    pub(crate) kept: &'a mut [F],
}

/// One bin of one stimulus on its way back. All slices are whole vectors long.
pub(crate) struct Backward<'a, F> {
    /// Units H, padded.
    pub(crate) wide: usize,
    /// What the forward pass kept, (KEPT, wide).
    pub(crate) kept: &'a [F],
    /// h\[t-1\] and h\[t\] (wide).
    pub(crate) before: &'a [F],
    pub(crate) after: &'a [F],
    /// The gradient of h\[t\] on entry, that of h\[t-1\] without the product on return (wide).
    pub(crate) h: &'a mut [F],
    /// The same of c, or nothing.
    pub(crate) c: &'a mut [F],
    /// The gradient of u (G, wide); nothing where it is that of q.
    pub(crate) gu: &'a mut [F],
    /// The gradient of q (G, wide).
    pub(crate) gq: &'a mut [F],
}

/// Sizes of a checked call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) hidden: usize,
}

/// What comes out of a recurrence, beside the last cell state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Return {
    /// The states of all bins.
    Sequences,
    /// The state of the last bin.
    Last,
}

/// One bin in plain tensors, each (B, G H) or (B, H).
pub(crate) struct PlainBin<'a> {
    /// The input's part of the gates.
    pub(crate) u: &'a Tensor,
    /// The state's part of the gates.
    pub(crate) q: &'a Tensor,
    /// The state before the bin.
    pub(crate) h: &'a Tensor,
    /// The cell state before the bin, or the state where there is none.
    pub(crate) c: &'a Tensor,
}

impl PlainBin<'_> {
    /// The input's part of gate i.
    pub(crate) fn u_of(&self, i: usize) -> Result<Tensor> {
        self.gate(self.u, i)
    }

    /// The state's part of gate i.
    pub(crate) fn q_of(&self, i: usize) -> Result<Tensor> {
        self.gate(self.q, i)
    }

    /// u + q of all gates.
    pub(crate) fn a(&self) -> Result<Tensor> {
        self.u + self.q
    }

    /// Gate i of (B, G H).
    pub(crate) fn gate(&self, gates: &Tensor, i: usize) -> Result<Tensor> {
        let hidden = self.h.dim(1)?;
        gates.narrow(1, i * hidden, hidden)
    }
}
