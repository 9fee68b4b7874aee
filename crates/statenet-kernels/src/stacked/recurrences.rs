//! Gated recurrences of K models.

use candle_core::Tensor;

use super::{Stacked, first, one_by_one, pack};
use crate::{
    error::{Error, Result},
    rnn::elman::Rnn,
    rnn::{
        gru::Gru,
        lstm::Lstm,
        shared::{Cell, CellRun, Recurrence, Sizes, check},
        sublstm::SubLstm,
    },
    tensor::{
        arguments::Check,
        custom_op::{apply, is_fused},
    },
};

/// [`gru`](crate::gru()) of K models: gates (K, B, T, 3H), weight_hh (K, 3H, H), bias_hh (K, 3H), h0 (K, B, H); returns the
/// states (K, B, T, H) and the last (K, B, H).
///
/// # Errors
/// As the single form; [`Error::Shape`] also where tensors differ in K.
pub fn gru(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    let plain = |x: &[Tensor]| crate::gru(&x[0], &x[1], &x[2], &x[3]).map(|(states, last)| [states, last]);
    let [states, last] = without_cell::<Gru>([gates, weight_hh, bias_hh, h0], plain)?;
    Ok((states, last))
}

/// [`rnn`](crate::rnn()) of K models: gates (K, B, T, H), weight_hh (K, H, H), bias_hh (K, H), h0 (K, B, H); returns the
/// states (K, B, T, H) and the last (K, B, H).
///
/// # Errors
/// As the single form; [`Error::Shape`] also where tensors differ in K.
pub fn rnn(gates: &Tensor, weight_hh: &Tensor, bias_hh: &Tensor, h0: &Tensor) -> Result<(Tensor, Tensor)> {
    let plain = |x: &[Tensor]| crate::rnn(&x[0], &x[1], &x[2], &x[3]).map(|(states, last)| [states, last]);
    let [states, last] = without_cell::<Rnn>([gates, weight_hh, bias_hh, h0], plain)?;
    Ok((states, last))
}

/// [`lstm`](crate::lstm()) of K models: gates (K, B, T, 4H), weight_hh (K, 4H, H), bias_hh (K, 4H), h0 and c0 (K, B, H);
/// returns states (K, B, T, H), last state and last cell state (K, B, H).
///
/// # Errors
/// As the single form; [`Error::Shape`] also where tensors differ in K.
pub fn lstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    with_cell::<Lstm>([gates, weight_hh, bias_hh, h0, c0], |x| {
        crate::lstm(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|run| [run.states, run.last, run.cell])
    })
}

/// [`sublstm`](crate::sublstm()) of K models: tensors as for [`lstm`].
///
/// # Errors
/// As the single form; [`Error::Shape`] also where tensors differ in K.
pub fn sublstm(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<CellRun> {
    with_cell::<SubLstm>([gates, weight_hh, bias_hh, h0, c0], |x| {
        crate::sublstm(&x[0], &x[1], &x[2], &x[3], &x[4]).map(|run| [run.states, run.last, run.cell])
    })
}

const NAMES: [&str; 5] = ["gates", "weight_hh", "bias_hh", "h0", "c0"];

fn without_cell<C: Cell>(
    tensors: [&Tensor; 4],
    plain: impl Fn(&[Tensor]) -> Result<[Tensor; 2]>,
) -> Result<[Tensor; 2]> {
    let Some((models, sizes, output)) = fused::<C>(&tensors)? else {
        return one_by_one(C::NAME, tensors[0].dims()[0], &tensors, plain);
    };
    let last = last(&output, models, sizes).map_err(Error::in_op(C::NAME))?;
    Ok([output, last])
}

fn with_cell<C: Cell>(
    tensors: [&Tensor; 5],
    plain: impl Fn(&[Tensor]) -> Result<[Tensor; 3]>,
) -> Result<CellRun> {
    let Some((models, sizes, output)) = fused::<C>(&tensors)? else {
        let [states, last, cell] = one_by_one(C::NAME, tensors[0].dims()[0], &tensors, plain)?;
        return Ok(CellRun { states, last, cell });
    };
    let split = || {
        let Sizes { batch, time, hidden } = sizes;
        let (n_states, n_cells) = (batch * time * hidden, batch * hidden);
        let states = output.narrow(1, 0, n_states)?.reshape((models, batch, time, hidden))?;
        let cell = output.narrow(1, n_states, n_cells)?.reshape((models, batch, hidden))?;
        Ok(CellRun { last: last(&states, models, sizes)?, states, cell })
    };
    split().map_err(Error::in_op(C::NAME))
}

/// The last of the states (K, B, T, H).
fn last(states: &Tensor, models: usize, sizes: Sizes) -> candle_core::Result<Tensor> {
    let Sizes { batch, time, hidden } = sizes;
    states.narrow(2, time - 1, 1)?.reshape((models, batch, hidden))
}

/// K, the sizes of each model and the packed result; `None` where the plain form must run instead.
fn fused<C: Cell>(tensors: &[&Tensor]) -> Result<Option<(usize, Sizes, Tensor)>> {
    let named: Vec<_> = NAMES.into_iter().zip(tensors.iter().copied()).collect();
    let (models, one) = first(C::NAME, &named)?;
    let sizes = check::<C>(&one[0], &one[1], &one[2], &one[3], one.get(4))?;
    Check::new(C::NAME).devices(&named)?;
    let kernel = Stacked { one: Recurrence::<C>::new(sizes), models };
    if !is_fused(&kernel, tensors[0]) {
        return Ok(None);
    }
    let packed = pack(C::NAME, &tensors[1..])?;
    Ok(Some((models, sizes, apply(kernel, &[tensors[0], &packed])?)))
}
