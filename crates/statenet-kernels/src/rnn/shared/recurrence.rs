//! A recurrence of gates whose input part is given.

use candle_core::Tensor;

use super::{
    arguments::{check, named, split},
    cell::Cell,
    kernel::Recurrence,
    unrolled,
};
use crate::{
    error::Result,
    tensor::driver::{self, Input},
};

/// All states from the input's part of the gates, and what was carried out of the last bin.
pub(crate) fn recurrence<C: Cell>(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    let sizes = check::<C>(gates, weight_hh, bias_hh, first)?;
    let parameters = [("weight_hh", weight_hh), ("bias_hh", bias_hh)];
    driver::run(
        Recurrence::<C>::new(sizes),
        [Input::one("gates", gates), Input::packed(parameters.into_iter().chain(named(first)))],
        |output| split::<C>(&output, sizes),
        || unrolled::recurrence::<C>(gates, weight_hh, bias_hh, first),
    )
}
