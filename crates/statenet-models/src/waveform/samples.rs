//! Chunks of any number of samples to whole bins: what is left over waits for the next chunk.

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Error, Result},
    model::state::State,
};

/// What the entries of this part of a state begin with.
pub(super) const SCOPE: &str = "samples.";
const WAITING: &str = "samples.waiting";
const COUNT: &str = "samples.count";

/// The samples that wait: the first `count` of `waiting` (B, 1, hop).
pub(super) fn init_state(
    batch: usize,
    hop: usize,
    (dtype, device): (DType, &Device),
    state: &mut State,
) -> Result<()> {
    state.set_zeros(WAITING, &[batch, 1, hop], dtype, device)?;
    state.set_zeros(COUNT, &[1], dtype, device)
}

/// The whole bins (B, 1, T hop) that a chunk (B, 1, S) completes; `None` if there are none.
pub(super) fn whole_bins(chunk: &Tensor, hop: usize, state: &mut State) -> Result<Option<Tensor>> {
    let batch = chunk.dim(0).during("reading a batch")?;
    let waiting = state.get(WAITING, &[batch, 1, hop])?;
    let count = state.get(COUNT, &[1])?.to_dtype(DType::F64).and_then(|c| c.to_vec1::<f64>());
    let count = count.during("reading a state")?.first().copied().unwrap_or(-1.0);
    if !(count >= 0.0 && count < hop as f64 && count.fract() == 0.0) {
        let expected = format!("a whole number below {hop}");
        return Err(Error::State { name: COUNT.to_owned(), got: count.to_string(), expected });
    }
    let join = || -> candle_core::Result<(Tensor, Tensor, usize)> {
        let count = count as usize;
        let all = match count {
            0 => chunk.clone(),
            n => Tensor::cat(&[&waiting.narrow(2, 0, n)?, chunk], 2)?,
        };
        let n = all.dim(2)?;
        let rest = n % hop;
        let left = match rest {
            0 => waiting.zeros_like()?,
            rest => all.narrow(2, n - rest, rest)?.contiguous()?.pad_with_zeros(2, 0, hop - rest)?,
        };
        Ok((all, left, rest))
    };
    let (all, left, rest) = join().during("joining samples")?;
    let counted = Tensor::full(rest as f64, 1, all.device()).and_then(|c| c.to_dtype(all.dtype()));
    state.set(WAITING, &left);
    state.set(COUNT, &counted.during("counting samples")?);
    let whole = all.dim(2).during("joining samples")? - rest;
    if whole == 0 {
        return Ok(None);
    }
    all.narrow(2, 0, whole).during("cutting bins").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_waits() {
        let cpu = &Device::Cpu;
        let mut state = State::new();
        init_state(1, 3, (DType::F32, cpu), &mut state).unwrap();
        let mut push = |samples: &[f32]| {
            let chunk = Tensor::new(samples, cpu).unwrap().reshape((1, 1, ())).unwrap();
            let bins = whole_bins(&chunk, 3, &mut state).unwrap();
            bins.map_or_else(Vec::new, |b| b.flatten_all().unwrap().to_vec1::<f32>().unwrap())
        };
        assert!(push(&[1.0, 2.0]).is_empty());
        assert_eq!(push(&[3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(push(&[4.0, 5.0, 6.0, 7.0]), [4.0, 5.0, 6.0]);
        assert_eq!(push(&[8.0, 9.0]), [7.0, 8.0, 9.0]);
        state.set(COUNT, &Tensor::new(&[3f32], cpu).unwrap());
        let chunk = Tensor::zeros((1, 1, 1), DType::F32, cpu).unwrap();
        let message = whole_bins(&chunk, 3, &mut state).unwrap_err().to_string();
        assert!(message.contains("samples.count is 3, expected a whole number below 3"), "{message}");
    }
}
