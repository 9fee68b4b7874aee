//! A gated recurrence unrolled into plain tensors: what the references share.

use candle_core::{Result, Tensor};

use super::{CellRun, Sizes};

/// The recurrent part of a reference, bin by bin.
pub(crate) struct Unrolled<'a> {
    gates: &'a Tensor,
    weight: Tensor,
    bias: &'a Tensor,
    sizes: Sizes,
}

impl<'a> Unrolled<'a> {
    pub(crate) fn new(
        gates: &'a Tensor,
        weight_hh: &Tensor,
        bias_hh: &'a Tensor,
        sizes: Sizes,
    ) -> Result<Self> {
        Ok(Self { gates, weight: weight_hh.t()?.contiguous()?, bias: bias_hh, sizes })
    }

    /// Gate i of (B, G H).
    pub(crate) fn part(&self, gates: &Tensor, i: usize) -> Result<Tensor> {
        gates.narrow(1, i * self.sizes.hidden, self.sizes.hidden)
    }

    /// States and the last of them, where `cell` gives h\[t\] from u\[t\], q\[t\] and h\[t-1\].
    pub(crate) fn run(
        &self,
        h0: &Tensor,
        cell: impl Fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let mut h = h0.contiguous()?;
        let mut states = Vec::with_capacity(self.sizes.time);
        for t in 0..self.sizes.time {
            let u = self.gates.narrow(1, t, 1)?.squeeze(1)?.contiguous()?;
            let q = h.matmul(&self.weight)?.broadcast_add(self.bias)?;
            h = cell(&u, &q, &h)?;
            states.push(h.clone());
        }
        Ok((Tensor::stack(&states, 1)?, h))
    }

    /// States, the last of them and the last cell state, where `cell` gives h\[t\] and c\[t\] from u\[t\] + q\[t\] and c\[t-1\].
    pub(crate) fn run_with_cell(
        &self,
        h0: &Tensor,
        c0: &Tensor,
        cell: impl Fn(&Tensor, &Tensor) -> Result<(Tensor, Tensor)>,
    ) -> Result<CellRun> {
        let c = std::cell::RefCell::new(c0.contiguous()?);
        let (states, last) = self.run(h0, |u, q, _| {
            let (h, next) = cell(&(u + q)?, &c.borrow().clone())?;
            *c.borrow_mut() = next;
            Ok(h)
        })?;
        Ok(CellRun { states, last, cell: c.into_inner() })
    }
}
