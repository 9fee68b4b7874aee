//! Gradients of many numbers with respect to the frames that led to them, many in one backward pass.
//!
//! Every number has a row of a batch to itself, with frames of its own. The rows of a window hear the same from the same
//! past; kernels that see it compute one of them and carry the gradients of all back together, by products of matrices
//! where a single gradient takes products with a vector.
//!
//! Where there are more targets than numbers in the state before the last frame, through which all that came before
//! reaches the rates, the rows are those numbers: d r / d x = d r / d s . d s / d x.

use candle_core::{DType, Tensor, Var};
use statenet_models::{ResponseModel, State};

use crate::{
    batched_gradients::{cut, gradients, hear, in_parallel, no_gradient, rows_of_pass, select, variable},
    error::{During, Result},
    target::{Objective, Target, at_last},
};

/// Some windows of sound, and what the model remembers of what came before them.
pub(crate) struct Frames<'a> {
    model: &'a dyn ResponseModel,
    /// (R, 1, F, L).
    windows: Tensor,
    /// Of R streams, before the windows.
    state: State,
    /// Whether gradients with respect to that state are wanted.
    by_state: bool,
}

/// Rows of a pass at least: enough to share what all rows of a window share.
const ROWS: usize = 24;

/// One number of one window.
#[derive(Clone, Copy)]
struct Row {
    window: usize,
    number: usize,
}

/// What the numbers of rows are made of.
struct Heard {
    /// (rows, 1, F, L).
    frames: Var,
    /// Before the frames.
    state: State,
}

/// The gradients of some numbers of each window.
struct Gradients {
    /// (R, numbers, F, L).
    by_frames: Tensor,
    /// (R, numbers, numbers of a stream's state); of no width where they are not wanted.
    by_state: Tensor,
}

impl<'a> Frames<'a> {
    pub(crate) fn new(model: &'a dyn ResponseModel, windows: Tensor, state: State) -> Self {
        Self { model, windows, state, by_state: false }
    }

    /// The gradients of all targets after the last frame, (R, targets, F, L), the oldest frame first: parts to be put one behind
    /// the other along time.
    pub(crate) fn maps(&self, targets: &[Target]) -> Result<Vec<Tensor>> {
        let n_bins = self.windows.dim(3).during("reading windows")?;
        if n_bins > 1 && targets.len() > 1 {
            let before = Self::new(self.model, cut(&self.windows, 0, n_bins - 1)?, self.state.clone());
            let mut state = self.state.clone();
            self.model.advance(&before.windows, &mut state)?;
            let n_numbers = numbers_of_stream(&state)?;
            if (1..targets.len()).contains(&n_numbers) {
                let of_state = before.of_state(n_numbers)?.by_frames;
                let last = cut(&self.windows, n_bins - 1, 1)?;
                let last = Self { by_state: true, ..Self::new(self.model, last, state) };
                let Gradients { by_frames, by_state } = last.of_targets(targets)?;
                return Ok(vec![through(&by_state, &of_state).during("joining gradients")?, by_frames]);
            }
        }
        Ok(vec![self.of_targets(targets)?.by_frames])
    }

    /// Of what targets answer to the last frame.
    fn of_targets(&self, targets: &[Target]) -> Result<Gradients> {
        let when = at_last(1, self.model.dtype(), self.model.device())?;
        self.of_rows(targets.len(), |rows, Heard { frames, state }| {
            let heard = hear(self.model, state.clone(), frames.as_tensor(), 1)?;
            let targets: Vec<&Target> = rows.iter().filter_map(|row| targets.get(row.number)).collect();
            Objective::new(self.model, &targets)?.values(&heard.rates, &heard.state, &when)
        })
    }

    /// Of every number of the state after the last frame.
    fn of_state(&self, n_numbers: usize) -> Result<Gradients> {
        self.of_rows(n_numbers, |rows, Heard { frames, state }| {
            let mut state = state.clone();
            self.model.advance(frames.as_tensor(), &mut state)?;
            let own = || -> candle_core::Result<Tensor> {
                let numbers = in_rows(state.iter().map(|(_, part)| Ok(part.clone())), self.model.dtype())?;
                let own: Vec<u32> = rows.iter().map(|row| row.number as u32).collect();
                numbers.gather(&Tensor::from_vec(own, (rows.len(), 1), numbers.device())?, 1)
            };
            own().during("reading a state")
        })
    }

    /// Of `n_numbers` numbers of every window; `values` says what those of some rows are.
    fn of_rows(
        &self,
        n_numbers: usize,
        values: impl Fn(&[Row], &Heard) -> Result<Tensor> + Send + Sync,
    ) -> Result<Gradients> {
        let (n_windows, _, n_bands, n_bins) = self.windows.dims4().during("reading windows")?;
        let of_passes = in_parallel(passes(n_windows, n_numbers, rows_of_pass(n_bins).max(ROWS)), |rows| {
            let heard = self.heard_by(&rows)?;
            let grads = gradients(&values(&rows, &heard)?)?;
            let of_frames = grads.get(heard.frames.as_tensor()).ok_or_else(|| no_gradient(self.model))?;
            let of_state = heard.state.iter().filter(|_| self.by_state);
            let of_state =
                of_state.map(|(_, part)| grads.get(part).cloned().map_or_else(|| part.zeros_like(), Ok));
            in_rows(std::iter::once(Ok(of_frames.clone())).chain(of_state), self.model.dtype())
                .during("reading gradients")
        })?;
        let split = || -> candle_core::Result<Gradients> {
            let all = Tensor::cat(&of_passes, 0)?.reshape((n_windows, n_numbers, ()))?;
            let of_frames = n_bands * n_bins;
            let by_frames = all.narrow(2, 0, of_frames)?.reshape((n_windows, n_numbers, n_bands, n_bins))?;
            Ok(Gradients { by_frames, by_state: all.narrow(2, of_frames, all.dim(2)? - of_frames)? })
        };
        split().during("joining gradients")
    }

    /// What some rows hear.
    fn heard_by(&self, rows: &[Row]) -> Result<Heard> {
        let windows: Vec<u32> = rows.iter().map(|row| row.window as u32).collect();
        let frames = variable(&select(&self.windows, &windows)?)?;
        let mut state = self.state.select(&windows)?.keeping_graph();
        if self.by_state {
            let parts = state.iter().map(|(name, part)| Ok((name.to_owned(), variable(part)?)));
            for (name, part) in parts.collect::<Result<Vec<_>>>()? {
                state.set(&name, part.as_tensor());
            }
        }
        Ok(Heard { frames, state })
    }
}

/// d r / d s (R, targets, numbers) and d s / d x (R, numbers, F, L) to d r / d x (R, targets, F, L).
fn through(by_state: &Tensor, of_state: &Tensor) -> candle_core::Result<Tensor> {
    let (n_windows, _, n_bands, n_bins) = of_state.dims4()?;
    let all = by_state.contiguous()?.matmul(&of_state.flatten_from(2)?)?;
    all.reshape((n_windows, (), n_bands, n_bins))
}

/// Tensors of as many streams side by side, (streams, numbers).
fn in_rows(
    parts: impl Iterator<Item = candle_core::Result<Tensor>>,
    dtype: DType,
) -> candle_core::Result<Tensor> {
    let in_row = |part: Tensor| part.reshape((part.dim(0)?, ()))?.to_dtype(dtype);
    let rows = parts.map(|part| in_row(part?)).collect::<candle_core::Result<Vec<_>>>()?;
    if let [row] = rows.as_slice() { Ok(row.clone()) } else { Tensor::cat(&rows, 1) }
}

/// Numbers that each stream of a state remembers.
fn numbers_of_stream(state: &State) -> Result<usize> {
    let of_each = state.iter().map(|(_, part)| part.dim(0).map(|n| part.elem_count() / n.max(1)));
    of_each.sum::<candle_core::Result<usize>>().during("reading a state")
}

/// `n_numbers` rows of each of some windows, shared out in passes of about `size` rows: of a single window where it has
/// as many.
fn passes(n_windows: usize, n_numbers: usize, size: usize) -> Vec<Vec<Row>> {
    let rows = |window: usize| (0..n_numbers).map(move |number| Row { window, number });
    let shared = |rows: Vec<Row>| rows.chunks(size.max(1)).map(<[Row]>::to_vec).collect::<Vec<_>>();
    if n_numbers >= size {
        (0..n_windows).flat_map(|window| shared(rows(window).collect())).collect()
    } else {
        shared((0..n_windows).flat_map(rows).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_cover_every_number_once_and_hold_one_window_where_it_has_as_many() {
        let of = |n_windows, n_numbers, size| -> Vec<Vec<(usize, usize)>> {
            let passes = passes(n_windows, n_numbers, size);
            passes.iter().map(|rows| rows.iter().map(|row| (row.window, row.number)).collect()).collect()
        };
        assert_eq!(of(2, 3, 2), [vec![(0, 0), (0, 1)], vec![(0, 2)], vec![(1, 0), (1, 1)], vec![(1, 2)]]);
        assert_eq!(of(3, 1, 2), [vec![(0, 0), (1, 0)], vec![(2, 0)]]);
        assert!(of(0, 5, 2).is_empty() && of(2, 0, 2).is_empty());
    }
}
