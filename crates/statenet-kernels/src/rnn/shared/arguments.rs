//! The arguments of gated recurrences: their checks, and the results that they become.

use candle_core::Tensor;

use super::cell::{Cell, Sizes};
use crate::{
    error::Result,
    tensor::{arguments::Check, driver::cut},
};

/// Checks the arguments of a recurrence that is given its gates' input part.
pub(super) fn check<C: Cell>(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> Result<Sizes> {
    let check = Check::new(C::NAME);
    let [batch, hidden] = check_first::<C>(first)?;
    let [_, time, _] = check.dims("gates", gates, [Some(batch), None, Some(C::GATES * hidden)])?;
    check_states::<C>(weight_hh, bias_hh, first)?;
    check.dtypes(&[("gates", gates), ("weight_hh", weight_hh)])?;
    Ok(Sizes { batch, time, hidden })
}

/// Checks what all forms of a recurrence take, against each other; returns B and H.
pub(super) fn check_states<C: Cell>(
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> Result<[usize; 2]> {
    let check = Check::new(C::NAME);
    let [batch, hidden] = check_first::<C>(first)?;
    let rows = Some(C::GATES * hidden);
    check.dims("weight_hh", weight_hh, [rows, Some(hidden)])?;
    check.dims("bias_hh", bias_hh, [rows])?;
    check.dtypes(&[("weight_hh", weight_hh), ("bias_hh", bias_hh)])?;
    for (argument, state) in named(first) {
        check.dims(argument, state, [Some(batch), Some(hidden)])?;
        check.dtype(argument, state, weight_hh)?;
    }
    Ok([batch, hidden])
}

/// B and H, from the first of the first states.
fn check_first<C: Cell>(first: &[Tensor]) -> Result<[usize; 2]> {
    let check = Check::new(C::NAME);
    let (n, expected) = if C::HAS_CELL { (2, "2: h0 and c0") } else { (1, "1: h0") };
    check.range("number of first states", first.len() as f64, first.len() == n, expected)?;
    check.dims("h0", &first[0], [None, None])
}

/// The first states by their names in errors.
pub(super) fn named(first: &[Tensor]) -> impl Iterator<Item = (&'static str, &Tensor)> {
    ["h0", "c0"].into_iter().zip(first)
}

/// The states, and what was carried out of the last bin, of the one output: states, then, where there is one, the last
/// cell state.
pub(super) fn split<C: Cell>(
    output: &Tensor,
    Sizes { batch, time, hidden }: Sizes,
) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
    if !C::HAS_CELL {
        return Ok((output.clone(), vec![output.narrow(1, time - 1, 1)?.squeeze(1)?]));
    }
    let (states, cell) = cut(output, (batch, time, hidden), (batch, hidden))?;
    let last = states.narrow(1, time - 1, 1)?.squeeze(1)?;
    Ok((states, vec![last, cell]))
}
