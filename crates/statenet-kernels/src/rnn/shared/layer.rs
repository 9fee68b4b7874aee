//! A recurrence of an input, whose gates are computed inside.

use candle_core::Tensor;

use super::{
    arguments::{check_states, named, split},
    cell::{Cell, Return, Sizes},
    kernel::Recurrence,
    projection::Projection,
    recurrence::recurrence,
};
use crate::{
    Layout, affine,
    error::Result,
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};

/// The weights of one layer of G gates, as PyTorch names and orders them.
#[derive(Clone, Copy, Debug)]
pub struct GatedWeights<'a> {
    /// (G H, I).
    pub weight_ih: &'a Tensor,
    /// (G H, H).
    pub weight_hh: &'a Tensor,
    /// (G H).
    pub bias_ih: &'a Tensor,
    /// (G H).
    pub bias_hh: &'a Tensor,
}

/// All states of a layer, and what was carried out of the last bin.
pub(crate) fn layer<C: Cell>(
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    let (sizes, projection) = check::<C>(x, layout, weights, first)?;
    driver::run(
        Recurrence::<C>::of_input(sizes, projection, Return::Sequences),
        inputs(x, weights, first),
        |output| split::<C>(&output, sizes),
        || by_parts::<C>(x, layout, weights, first),
    )
}

/// What was carried out of the last bin, alone.
pub(crate) fn layer_last<C: Cell>(
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<Vec<Tensor>> {
    let (sizes, projection) = check::<C>(x, layout, weights, first)?;
    driver::run(
        Recurrence::<C>::of_input(sizes, projection, Return::Last),
        inputs(x, weights, first),
        |output| (0..first.len()).map(|i| output.get(i)).collect(),
        || by_parts::<C>(x, layout, weights, first).map(|(_, last)| last),
    )
}

/// Checks the arguments of a whole layer.
pub(crate) fn check<C: Cell>(
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<(Sizes, Projection)> {
    let check = Check::new(C::NAME);
    let GatedWeights { weight_ih, weight_hh, bias_ih, bias_hh } = weights;
    let [batch, hidden] = check_states::<C>(weight_hh, bias_hh, first)?;
    let rows = Some(C::GATES * hidden);
    let [_, inputs] = check.dims("weight_ih", weight_ih, [rows, None])?;
    check.dims("bias_ih", bias_ih, [rows])?;
    let time = match layout {
        Layout::ChannelsFirst => check.dims("x", x, [Some(batch), Some(inputs), None])?[2],
        Layout::TimeFirst => check.dims("x", x, [Some(batch), None, Some(inputs)])?[1],
    };
    check.dtypes(&[("x", x), ("weight_hh", weight_hh), ("weight_ih", weight_ih), ("bias_ih", bias_ih)])?;
    Ok((Sizes { batch, time, hidden }, Projection { inputs, layout }))
}

fn inputs<'a>(x: &'a Tensor, weights: &GatedWeights<'a>, first: &'a [Tensor]) -> [Input<'a>; 2] {
    let GatedWeights { weight_ih, weight_hh, bias_ih, bias_hh } = *weights;
    let of_state = [("weight_hh", weight_hh), ("bias_hh", bias_hh)].into_iter().chain(named(first));
    [Input::one("x", x), Input::packed(of_state.chain([("weight_ih", weight_ih), ("bias_ih", bias_ih)]))]
}

/// The product, then the recurrence, which has a CUDA kernel.
fn by_parts<C: Cell>(
    x: &Tensor,
    layout: Layout,
    weights: &GatedWeights<'_>,
    first: &[Tensor],
) -> Result<(Tensor, Vec<Tensor>)> {
    let gates = affine(x, layout, weights.weight_ih, Some(weights.bias_ih), Layout::TimeFirst)?;
    recurrence::<C>(&gates, weights.weight_hh, weights.bias_hh, first)
}
