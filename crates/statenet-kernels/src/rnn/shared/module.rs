//! A recurrence of its input: gates are made of it inside.

use candle_core::Tensor;

use super::{Cell, Gives, Projection, Recurrence, Run, Sizes, check_states, split};
use crate::{
    Layout,
    error::{Error, Result},
    rnn::layer::ModuleWeights,
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};

/// Checks the arguments of a whole module.
fn check<C: Cell>(
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<(Sizes, Projection)> {
    let check = Check::new(C::NAME);
    let ModuleWeights { weight_ih, weight_hh, bias_ih, bias_hh } = weights;
    let [batch, hidden] = check_states::<C>(weight_hh, bias_hh, h0, c0)?;
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

/// Checks, packs and runs a recurrence of its input; `None` where the plain form must run instead.
pub(crate) fn run_module<C: Cell>(
    _: C,
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<Option<Run>> {
    let Some((output, sizes)) = output::<C>(Gives::All, x, layout, weights, h0, c0)? else { return Ok(None) };
    split::<C>(&output, sizes).map(Some).map_err(Error::in_op(C::NAME))
}

/// [`run_module`] for the last state alone and, where there is one, the last cell state, (B, H) each.
pub(crate) fn run_last<C: Cell>(
    _: C,
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<Option<(Tensor, Option<Tensor>)>> {
    let Some((output, _)) = output::<C>(Gives::Last, x, layout, weights, h0, c0)? else { return Ok(None) };
    let part = |i| output.get(i).map_err(Error::in_op(C::NAME));
    Ok(Some((part(0)?, if C::HAS_CELL { Some(part(1)?) } else { None })))
}

/// What the kernel gives; `None` where the plain form must run instead.
fn output<C: Cell>(
    gives: Gives,
    x: &Tensor,
    layout: Layout,
    weights: &ModuleWeights<'_>,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<Option<(Tensor, Sizes)>> {
    let (sizes, projection) = check::<C>(x, layout, weights, h0, c0)?;
    let ModuleWeights { weight_ih, weight_hh, bias_ih, bias_hh } = *weights;
    let mut parameters = vec![("weight_hh", weight_hh), ("bias_hh", bias_hh), ("h0", h0)];
    parameters.extend(c0.map(|c0| ("c0", c0)));
    parameters.extend([("weight_ih", weight_ih), ("bias_ih", bias_ih)]);
    driver::run(
        Recurrence::<C>::of_input(sizes, projection, gives),
        [Input::one("x", x), Input::packed(parameters)],
        |output| Ok(Some((output, sizes))),
        || Ok(None),
    )
}
