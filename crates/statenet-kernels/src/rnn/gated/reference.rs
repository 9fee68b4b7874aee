//! Gated recurrences from plain tensors: unrolled, one bin after the other.

use candle_core::Tensor;

use super::{Elman, GatedCell, GatedWeights, Gru, Lstm, SubLstm, with_cell};
use crate::{
    Layout,
    dense::affine::reference::affine,
    error::Result,
    rnn::shared::{layer, unrolled},
};

/// [`gated_recurrence`](crate::gated_recurrence()) from plain tensors, on any device.
///
/// Its graph is some twenty operations deep per bin, and Candle's backward pass recurses over it: keep T below a few
/// thousand.
///
/// # Errors
/// As the fused operation, but that all lie on one device is not checked.
pub fn gated_recurrence(
    cell: GatedCell,
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    with_cell!(cell, C => unrolled::recurrence::<C>(gates, weight_hh, bias_hh, first))
}

/// [`gated_layer`](crate::gated_layer()) from plain tensors, on any device.
///
/// # Errors
/// As of [`gated_recurrence`].
pub fn gated_layer(
    cell: GatedCell,
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    with_cell!(cell, C => layer::check::<C>(x, layout, weights, first))?;
    let gates = affine(x, layout, weights.weight_ih, Some(weights.bias_ih), Layout::TimeFirst)?;
    gated_recurrence(cell, &gates, weights.weight_hh, weights.bias_hh, first)
}

/// [`gated_layer_last`](crate::gated_layer_last()) from plain tensors, on any device.
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
    gated_layer(cell, x, layout, weights, first).map(|(_, last)| last)
}
