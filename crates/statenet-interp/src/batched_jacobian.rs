//! Gradients of many outputs with respect to the frames before them, many in one backward pass.
//!
//! Every output has a row of the batch to itself, with its own copy of the frames, so that one backward pass of the sum
//! over rows gives the gradient of each. Rows of one window are identical: kernels that detect this run the forward pass
//! once and carry all gradients back together, as matrix products instead of matrix-vector products.
//!
//! If there are more targets than numbers in the state before the last frame, the chain rule saves work: everything
//! earlier reaches the rates through that state, so d r / d x = d r / d s . d s / d x, with one row for each number of s.

use candle_core::{DType, Tensor, Var};
use statenet_models::{ResponseModel, State};

use crate::{
    batched_gradients::{cut, gradients, in_parallel, no_gradient, rows_of_pass, run_from, select, variable},
    error::{During, Result},
    target::{Objective, Target, at_last},
};

/// Windows of sound, and the state of the model before them.
pub(crate) struct BatchedJacobian<'a> {
    model: &'a dyn ResponseModel,
    /// (R, 1, F, L).
    windows: Tensor,
    /// The state of R streams before the windows.
    state: State,
    /// Whether gradients with respect to that state are wanted.
    by_state: bool,
}

/// The least number of rows in a pass, so that work which the rows of a window share is done seldom.
const ROWS: usize = 24;

/// One output of one window.
#[derive(Clone, Copy)]
struct Row {
    window: usize,
    output: usize,
}

/// The inputs of a pass, which its outputs are differentiated with respect to.
struct Inputs {
    /// (rows, 1, F, L).
    frames: Var,
    /// The state before the frames.
    state: State,
}

/// The gradients of all outputs of each window.
struct Gradients {
    /// (R, outputs, F, L).
    by_frames: Tensor,
    /// (R, outputs, numbers in the state of a stream); of width 0 where they are not wanted.
    by_state: Tensor,
}

impl<'a> BatchedJacobian<'a> {
    pub(crate) fn new(model: &'a dyn ResponseModel, windows: Tensor, state: State) -> Self {
        Self { model, windows, state, by_state: false }
    }

    /// The gradients of all targets at the last frame, (R, targets, F, L) with the oldest frame first, as one or two parts
    /// to be joined along time.
    pub(crate) fn maps(&self, targets: &[Target]) -> Result<Vec<Tensor>> {
        let n_bins = self.windows.dim(3).during("reading windows")?;
        if n_bins > 1 && targets.len() > 1 {
            let before = Self::new(self.model, cut(&self.windows, 0, n_bins - 1)?, self.state.clone());
            let mut state = self.state.clone();
            self.model.advance(&before.windows, &mut state)?;
            let n_state = numbers_of_stream(&state)?;
            if (1..targets.len()).contains(&n_state) {
                let of_state = before.of_state(n_state)?.by_frames;
                let last = cut(&self.windows, n_bins - 1, 1)?;
                let last = Self { by_state: true, ..Self::new(self.model, last, state) };
                let Gradients { by_frames, by_state } = last.of_targets(targets)?;
                return Ok(vec![chain(&by_state, &of_state).during("joining gradients")?, by_frames]);
            }
        }
        Ok(vec![self.of_targets(targets)?.by_frames])
    }

    /// The gradients of the targets at the last frame.
    fn of_targets(&self, targets: &[Target]) -> Result<Gradients> {
        let when = at_last(1, self.model.dtype(), self.model.device())?;
        self.of_rows(targets.len(), |rows, Inputs { frames, state }| {
            let output = run_from(self.model, state.clone(), frames.as_tensor(), 1)?;
            let targets: Vec<&Target> = rows.iter().filter_map(|row| targets.get(row.output)).collect();
            Objective::new(self.model, &targets)?.values(&output.rates, &output.state, &when)
        })
    }

    /// The gradients of every number in the state after the last frame.
    fn of_state(&self, n_state: usize) -> Result<Gradients> {
        self.of_rows(n_state, |rows, Inputs { frames, state }| {
            let mut state = state.clone();
            self.model.advance(frames.as_tensor(), &mut state)?;
            let own = || -> candle_core::Result<Tensor> {
                let numbers = in_rows(state.iter().map(|(_, part)| Ok(part.clone())), self.model.dtype())?;
                let own: Vec<u32> = rows.iter().map(|row| row.output as u32).collect();
                numbers.gather(&Tensor::from_vec(own, (rows.len(), 1), numbers.device())?, 1)
            };
            own().during("reading a state")
        })
    }

    /// The gradients of `n_outputs` outputs of every window; `values` computes the outputs of the given rows.
    fn of_rows(
        &self,
        n_outputs: usize,
        values: impl Fn(&[Row], &Inputs) -> Result<Tensor> + Send + Sync,
    ) -> Result<Gradients> {
        let (n_windows, _, n_bands, n_bins) = self.windows.dims4().during("reading windows")?;
        let of_passes = in_parallel(passes(n_windows, n_outputs, rows_of_pass(n_bins).max(ROWS)), |rows| {
            let inputs = self.inputs_of(&rows)?;
            let grads = gradients(&values(&rows, &inputs)?)?;
            let of_frames = grads.get(inputs.frames.as_tensor()).ok_or_else(|| no_gradient(self.model))?;
            let of_state = inputs.state.iter().filter(|_| self.by_state);
            let of_state =
                of_state.map(|(_, part)| grads.get(part).cloned().map_or_else(|| part.zeros_like(), Ok));
            in_rows(std::iter::once(Ok(of_frames.clone())).chain(of_state), self.model.dtype())
                .during("reading gradients")
        })?;
        let split = || -> candle_core::Result<Gradients> {
            let all = Tensor::cat(&of_passes, 0)?.reshape((n_windows, n_outputs, ()))?;
            let of_frames = n_bands * n_bins;
            let by_frames = all.narrow(2, 0, of_frames)?.reshape((n_windows, n_outputs, n_bands, n_bins))?;
            Ok(Gradients { by_frames, by_state: all.narrow(2, of_frames, all.dim(2)? - of_frames)? })
        };
        split().during("joining gradients")
    }

    /// The frames and the state of the given rows.
    fn inputs_of(&self, rows: &[Row]) -> Result<Inputs> {
        let windows: Vec<u32> = rows.iter().map(|row| row.window as u32).collect();
        let frames = variable(&select(&self.windows, &windows)?)?;
        let mut state = self.state.select(&windows)?.keeping_graph();
        if self.by_state {
            let parts = state.iter().map(|(name, part)| Ok((name.to_owned(), variable(part)?)));
            for (name, part) in parts.collect::<Result<Vec<_>>>()? {
                state.set(&name, part.as_tensor());
            }
        }
        Ok(Inputs { frames, state })
    }
}

/// The chain rule: d r / d s (R, targets, S) times d s / d x (R, S, F, L) is d r / d x (R, targets, F, L).
fn chain(by_state: &Tensor, of_state: &Tensor) -> candle_core::Result<Tensor> {
    let (n_windows, _, n_bands, n_bins) = of_state.dims4()?;
    let all = by_state.contiguous()?.matmul(&of_state.flatten_from(2)?)?;
    all.reshape((n_windows, (), n_bands, n_bins))
}

/// Flattens tensors stream by stream and joins them, (streams, numbers).
fn in_rows(
    parts: impl Iterator<Item = candle_core::Result<Tensor>>,
    dtype: DType,
) -> candle_core::Result<Tensor> {
    let in_row = |part: Tensor| part.reshape((part.dim(0)?, ()))?.to_dtype(dtype);
    let rows = parts.map(|part| in_row(part?)).collect::<candle_core::Result<Vec<_>>>()?;
    if let [row] = rows.as_slice() { Ok(row.clone()) } else { Tensor::cat(&rows, 1) }
}

/// How many numbers the state of one stream holds.
fn numbers_of_stream(state: &State) -> Result<usize> {
    let of_each = state.iter().map(|(_, part)| part.dim(0).map(|n| part.elem_count() / n.max(1)));
    of_each.sum::<candle_core::Result<usize>>().during("reading a state")
}

/// Splits `n_outputs` rows of each window into passes of at most `size` rows; a pass stays within one window if a window
/// has at least that many rows.
fn passes(n_windows: usize, n_outputs: usize, size: usize) -> Vec<Vec<Row>> {
    let rows = |window: usize| (0..n_outputs).map(move |output| Row { window, output });
    let split = |rows: Vec<Row>| rows.chunks(size.max(1)).map(<[Row]>::to_vec).collect::<Vec<_>>();
    if n_outputs >= size {
        (0..n_windows).flat_map(|window| split(rows(window).collect())).collect()
    } else {
        split((0..n_windows).flat_map(rows).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_cover_every_number_once_and_hold_one_window_where_it_has_as_many() {
        let of = |n_windows, n_numbers, size| -> Vec<Vec<(usize, usize)>> {
            let passes = passes(n_windows, n_numbers, size);
            passes.iter().map(|rows| rows.iter().map(|row| (row.window, row.output)).collect()).collect()
        };
        assert_eq!(of(2, 3, 2), [vec![(0, 0), (0, 1)], vec![(0, 2)], vec![(1, 0), (1, 1)], vec![(1, 2)]]);
        assert_eq!(of(3, 1, 2), [vec![(0, 0), (1, 0)], vec![(2, 0)]]);
        assert!(of(0, 5, 2).is_empty() && of(2, 0, 2).is_empty());
    }
}
