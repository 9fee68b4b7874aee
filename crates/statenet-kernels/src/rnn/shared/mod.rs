//! What all gated recurrences share: the loop over time, the recurrent product, the gradient of the weights.
//!
//! ```text
//! q[t] = W_hh h[t-1] + b_hh          (G H numbers: G gates of H units)
//! (h[t], c[t]) = cell(u[t], q[t], h[t-1], c[t-1])
//! ```
//! `u` is the time-independent part W_ih x + b_ih. It is given, or made of x inside, in blocks of bins that stay in the
//! cache: then neither it nor its gradient is ever written to memory ([`modules`](crate::rnn::layer)). A [`Cell`] says what the
//! gates do; with gu and gq the gradients of u[t] and q[t], the rest is the same for all:
//! ```text
//! g of h[t-1] += W_hh^T gq[t]        gW_hh = sum_t gq[t] h[t-1]^T        gb_hh = sum_t gq[t]
//! ```

mod backward;
mod cuda;
mod forward;
mod kernel;
mod module;
mod projection;
mod step;
mod unrolled;
mod weights;

use candle_core::Tensor;

use crate::{
    cuda::Text,
    error::{Error, Result},
    simd::{dispatch::MulAdd, float::Real},
    tensor::{
        arguments::Check,
        driver::{self, Input},
    },
};
pub(crate) use kernel::Recurrence;
pub(crate) use module::{run_last, run_module};
pub(crate) use projection::Projection;
pub use step::RecurrentStep;
pub(crate) use unrolled::Unrolled;

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

/// Checks the arguments that all recurrences have; `c0` only where there is a cell state.
pub(crate) fn check<C: Cell>(
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<Sizes> {
    let check = Check::new(C::NAME);
    let [batch, hidden] = check.dims("h0", h0, [None, None])?;
    let rows = Some(C::GATES * hidden);
    let [_, time, _] = check.dims("gates", gates, [Some(batch), None, rows])?;
    check_states::<C>(weight_hh, bias_hh, h0, c0)?;
    check.dtypes(&[("gates", gates), ("weight_hh", weight_hh)])?;
    Ok(Sizes { batch, time, hidden })
}

/// Checks what all forms of a recurrence take, against each other; returns B and H.
fn check_states<C: Cell>(
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<[usize; 2]> {
    let check = Check::new(C::NAME);
    let [batch, hidden] = check.dims("h0", h0, [None, None])?;
    let rows = Some(C::GATES * hidden);
    check.dims("weight_hh", weight_hh, [rows, Some(hidden)])?;
    check.dims("bias_hh", bias_hh, [rows])?;
    check.dtypes(&[("weight_hh", weight_hh), ("bias_hh", bias_hh), ("h0", h0)])?;
    if let Some(c0) = c0 {
        check.dims("c0", c0, [Some(batch), Some(hidden)])?;
        check.dtypes(&[("weight_hh", weight_hh), ("c0", c0)])?;
    }
    Ok([batch, hidden])
}

/// What a recurrence with a cell state leaves.
#[derive(Clone, Debug)]
pub struct CellRun {
    /// All states, (B, T, H).
    pub states: Tensor,
    /// The last state, (B, H).
    pub last: Tensor,
    /// The last cell state, (B, H).
    pub cell: Tensor,
}

/// States (B, T, H), the last state (B, H) and, where there is one, the last cell state (B, H).
pub(crate) struct Run {
    pub(crate) states: Tensor,
    pub(crate) last: Tensor,
    pub(crate) cell: Option<Tensor>,
}

/// Checks, packs and runs a recurrence; `None` where the plain form must run instead.
pub(crate) fn run<C: Cell>(
    _: C,
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: Option<&Tensor>,
) -> Result<Option<Run>> {
    let sizes = check::<C>(gates, weight_hh, bias_hh, h0, c0)?;
    let parameters = [("weight_hh", weight_hh), ("bias_hh", bias_hh), ("h0", h0)];
    driver::run(
        Recurrence::<C>::new(sizes),
        [Input::one("gates", gates), Input::packed(parameters.into_iter().chain(c0.map(|c0| ("c0", c0))))],
        |output| split::<C>(&output, sizes).map(Some),
        || Ok(None),
    )
}

/// [`run`] for cells with a cell state.
pub(crate) fn run_with_cell<C: Cell>(
    cell: C,
    gates: &Tensor,
    weight_hh: &Tensor,
    bias_hh: &Tensor,
    h0: &Tensor,
    c0: &Tensor,
) -> Result<Option<CellRun>> {
    let Some(Run { states, last, cell }) = run(cell, gates, weight_hh, bias_hh, h0, Some(c0))? else {
        return Ok(None);
    };
    let Some(cell) = cell else {
        return Err(Error::in_op(C::NAME)(candle_core::Error::Msg("there is no cell state".into())));
    };
    Ok(Some(CellRun { states, last, cell }))
}

/// What of all states comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    /// All of them.
    All,
    /// The last alone.
    Last,
}

/// The parts of the one output: states, then, where there is one, the last cell state.
fn split<C: Cell>(output: &Tensor, Sizes { batch, time, hidden }: Sizes) -> candle_core::Result<Run> {
    let n_states = batch * time * hidden;
    let (states, cell) = if C::HAS_CELL {
        let states = output.narrow(0, 0, n_states)?.reshape((batch, time, hidden))?;
        let cell = output.narrow(0, n_states, batch * hidden)?.reshape((batch, hidden))?;
        (states, Some(cell))
    } else {
        (output.clone(), None)
    };
    let last = states.narrow(1, time - 1, 1)?.squeeze(1)?;
    Ok(Run { states, last, cell })
}
