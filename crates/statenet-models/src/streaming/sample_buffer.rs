//! Chunks of any number of samples to whole bins: what is left over waits for the next chunk.

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Error, Result},
    model::state::State,
};

/// The samples of a bin that is not complete yet, the same number for every stream.
pub(super) struct SampleBuffer {
    /// (B, 1, S) with S below the hop; `None` if there are none.
    waiting: Option<Tensor>,
    hop: usize,
}

/// Names in a state.
const WAITING: &str = "samples.waiting";
const COUNT: &str = "samples.count";

impl SampleBuffer {
    pub(super) fn new(hop: usize) -> Self {
        Self { waiting: None, hop }
    }

    /// The whole bins (B, 1, hop, T) that a chunk (B, 1, S) completes; `None` if there are none.
    pub(super) fn whole_bins(&mut self, chunk: &Tensor) -> Result<Option<Tensor>> {
        let (bins, rest) = self.cut(chunk).during("joining samples")?;
        self.waiting = rest;
        Ok(bins)
    }

    fn cut(&self, chunk: &Tensor) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let all = match &self.waiting {
            Some(waiting) => Tensor::cat(&[waiting, chunk], 2)?,
            None => chunk.clone(),
        };
        let (batch, _, n) = all.dims3()?;
        let (n_bins, rest) = (n / self.hop, n % self.hop);
        let rest =
            if rest == 0 { None } else { Some(all.narrow(2, n - rest, rest)?.force_contiguous()?.detach()) };
        if n_bins == 0 {
            return Ok((None, rest));
        }
        let whole = all.narrow(2, 0, n_bins * self.hop)?.contiguous()?;
        let bins = whole.reshape((batch, 1, n_bins, self.hop))?.transpose(2, 3)?.contiguous()?;
        Ok((Some(bins), rest))
    }

    /// Puts what waits into a state, in tensors whose shapes do not depend on how much it is.
    pub(super) fn save(
        &self,
        batch: usize,
        (dtype, device): (DType, &Device),
        state: &mut State,
    ) -> Result<()> {
        let hop = self.hop;
        let padded = || match &self.waiting {
            Some(waiting) => waiting.pad_with_zeros(2, 0, hop - waiting.dim(2)?),
            None => Tensor::zeros((batch, 1, hop), dtype, device),
        };
        let count = self.waiting.as_ref().map_or(Ok(0), |waiting| waiting.dim(2));
        let counted = count.and_then(|n| Tensor::full(n as f64, (batch, 1), device)?.to_dtype(dtype));
        state.set(WAITING, &padded().during("saving samples")?);
        state.set(COUNT, &counted.during("counting samples")?);
        Ok(())
    }

    /// Takes what waits out of a state.
    pub(super) fn load(&mut self, batch: usize, state: &mut State) -> Result<()> {
        let held = state.take(SCOPE);
        let counts = held
            .get(COUNT, &[batch, 1])?
            .to_dtype(DType::F64)
            .and_then(|c| c.flatten_all()?.to_vec1::<f64>());
        let count = counts.during("reading a state")?.first().copied().unwrap_or(0.0);
        if !(count >= 0.0 && count < self.hop as f64 && count.fract() == 0.0) {
            let expected = format!("a whole number below {}", self.hop);
            return Err(Error::State { name: COUNT.to_owned(), got: count.to_string(), expected });
        }
        let waiting = held.get(WAITING, &[batch, 1, self.hop])?;
        let cut = || {
            if count == 0.0 {
                Ok(None)
            } else {
                waiting.narrow(2, 0, count as usize)?.force_contiguous().map(Some)
            }
        };
        self.waiting = cut().during("reading a state")?;
        Ok(())
    }
}

/// What the names of this part of a state begin with.
const SCOPE: &str = "samples.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_waits() {
        let cpu = &Device::Cpu;
        let mut buffer = SampleBuffer::new(3);
        let push = |buffer: &mut SampleBuffer, samples: &[f32]| {
            let chunk = Tensor::new(samples, cpu).unwrap().reshape((1, 1, ())).unwrap();
            let bins = buffer.whole_bins(&chunk).unwrap();
            bins.map_or_else(Vec::new, |b| {
                b.transpose(2, 3).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
            })
        };
        assert!(push(&mut buffer, &[1.0, 2.0]).is_empty());
        assert_eq!(push(&mut buffer, &[3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(push(&mut buffer, &[4.0, 5.0, 6.0, 7.0]), [4.0, 5.0, 6.0]);
        let mut state = State::new();
        buffer.save(1, (DType::F32, cpu), &mut state).unwrap();
        assert_eq!(push(&mut buffer, &[8.0, 9.0]), [7.0, 8.0, 9.0]);
        let mut resumed = SampleBuffer::new(3);
        resumed.load(1, &mut state.clone()).unwrap();
        assert_eq!(push(&mut resumed, &[8.0, 9.0]), [7.0, 8.0, 9.0]);
        state.set(COUNT, &Tensor::new(&[[3f32]], cpu).unwrap());
        let message = resumed.load(1, &mut state).unwrap_err().to_string();
        assert!(message.contains("samples.count is 3, expected a whole number below 3"), "{message}");
    }
}
