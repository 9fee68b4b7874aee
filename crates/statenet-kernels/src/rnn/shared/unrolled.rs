//! A gated recurrence from plain tensors, one bin after the other.

use candle_core::{Result, Tensor};

use super::{
    arguments::check,
    cell::{Cell, PlainBin},
};
use crate::error::{self, Error};

/// [`recurrence`](super::recurrence::recurrence()) from plain tensors.
pub(crate) fn recurrence<C: Cell>(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> error::Result<(Tensor, Vec<Tensor>)> {
    let sizes = check::<C>(gates, weight_hh, bias_hh, first)?;
    unroll::<C>(gates, weight_hh, bias_hh, first, sizes.time).map_err(Error::in_op(C::NAME))
}

fn unroll<C: Cell>(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
    time: usize,
) -> Result<(Tensor, Vec<Tensor>)> {
    let weight = weight_hh.t()?.contiguous()?;
    let mut carried = first.iter().map(Tensor::contiguous).collect::<Result<Vec<_>>>()?;
    let mut states = Vec::with_capacity(time);
    for t in 0..time {
        let u = gates.narrow(1, t, 1)?.squeeze(1)?.contiguous()?;
        let q = carried[0].matmul(&weight)?.broadcast_add(bias_hh)?;
        let c = carried.last().unwrap_or(&carried[0]);
        carried = C::plain(&PlainBin { u: &u, q: &q, h: &carried[0], c })?;
        states.push(carried[0].clone());
    }
    Ok((Tensor::stack(&states, 1)?, carried))
}
