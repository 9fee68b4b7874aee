//! The last bins before a chunk, kept in the state for what looks back over a fixed number of bins.
//!
//! A filter of K bins needs the K - 1 bins before a chunk. After the chunk they are the last K - 1 bins of what was kept
//! and the chunk, of which a chunk of K - 1 bins or more gives all.

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Result},
    model::state::State,
};

/// The last bins of a stream of tensors, named in the state; nothing where no bin is kept.
pub(crate) struct Window {
    name: String,
    /// Of one stream.
    shape: Vec<usize>,
    time: usize,
}

impl Window {
    /// Keeps as many bins as `shape`, which is that of one stream, has along axis `time` of a batch.
    ///
    /// Filters over K bins of `(B, C, F, T)` keep a shape of (C, F, K - 1) along axis 3.
    pub(crate) fn new(name: String, shape: &[usize], time: usize) -> Self {
        Self { name, shape: shape.to_vec(), time }
    }

    fn n_bins(&self) -> usize {
        self.shape[self.time - 1]
    }

    fn batched(&self, batch: usize) -> Vec<usize> {
        [&[batch], &self.shape[..]].concat()
    }

    /// Puts zeros before the first bin of `batch` streams.
    pub(crate) fn init_state(
        &self,
        batch: usize,
        (dtype, device): (DType, &Device),
        state: &mut State,
    ) -> Result<()> {
        if self.n_bins() == 0 {
            return Ok(());
        }
        state.set_zeros(&self.name, &self.batched(batch), dtype, device)
    }

    /// Puts these bins before the first bin of the streams.
    pub(crate) fn begin(&self, before: &Tensor, state: &mut State) {
        state.set(&self.name, before);
    }

    /// The bins before the next chunk of `batch` streams; `None` where none is kept.
    pub(crate) fn bins(&self, batch: usize, state: &State) -> Result<Option<Tensor>> {
        if self.n_bins() == 0 {
            return Ok(None);
        }
        state.get(&self.name, &self.batched(batch)).cloned().map(Some)
    }

    /// Moves on to the end of a chunk that followed the bins `before`.
    pub(crate) fn advance(&self, before: Option<&Tensor>, chunk: &Tensor, state: &mut State) -> Result<()> {
        let Some(before) = before else { return Ok(()) };
        let (time, kept) = (self.time, self.n_bins());
        let last = || -> candle_core::Result<Tensor> {
            let n_new = chunk.dim(time)?;
            let seen = if n_new >= kept { chunk.clone() } else { Tensor::cat(&[before, chunk], time)? };
            seen.narrow(time, seen.dim(time)? - kept, kept)?.force_contiguous()
        };
        state.set(&self.name, &last().during("advancing a window")?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_chunks_leave_the_last_bins() {
        let cpu = &Device::Cpu;
        let window = Window::new("past".to_owned(), &[1, 3], 2);
        let mut state = State::new();
        window.init_state(1, (DType::F64, cpu), &mut state).unwrap();
        let mut push = |bins: &[f64]| {
            let chunk = Tensor::new(bins, cpu).unwrap().reshape((1, 1, ())).unwrap();
            let before = window.bins(1, &state).unwrap();
            window.advance(before.as_ref(), &chunk, &mut state).unwrap();
            window.bins(1, &state).unwrap().unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        assert_eq!(push(&[1.0]), [0.0, 0.0, 1.0]);
        assert_eq!(push(&[2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(push(&[4.0, 5.0, 6.0, 7.0]), [5.0, 6.0, 7.0]);
    }

    #[test]
    fn a_window_of_no_bins_leaves_nothing_in_the_state() {
        let window = Window::new("past".to_owned(), &[4, 0], 2);
        let mut state = State::new();
        window.init_state(2, (DType::F32, &Device::Cpu), &mut state).unwrap();
        assert!(window.bins(2, &state).unwrap().is_none());
        assert_eq!(state.iter().count(), 0);
    }
}
