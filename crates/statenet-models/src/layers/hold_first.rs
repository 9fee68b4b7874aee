//! Streams that begin as if their first bin had lasted for ever.
//!
//! What an average or a leaky integrator holds before t = 0 follows from the first bin, which is known only when it
//! comes: the state says whether it has come, 0 or 1 for each stream.

use candle_core::{DType, Device, Tensor};

use crate::{
    error::{During, Result},
    model::state::State,
};

/// Whether each stream has had its first bin, named in the state.
pub(crate) struct HoldFirst {
    name: String,
    rank: usize,
}

impl HoldFirst {
    /// The state's tensor is (B, 1, ..), of `rank` axes.
    pub(crate) fn new(name: String, rank: usize) -> Self {
        Self { name, rank }
    }

    fn shape(&self, batch: usize) -> Vec<usize> {
        let mut shape = vec![1; self.rank];
        shape[0] = batch;
        shape
    }

    /// No stream has had a bin.
    pub(crate) fn init_state(
        &self,
        batch: usize,
        (dtype, device): (DType, &Device),
        state: &mut State,
    ) -> Result<()> {
        state.set_zeros(&self.name, &self.shape(batch), dtype, device)
    }

    /// Which of `batch` streams have begun before the next chunk.
    pub(crate) fn begun(&self, batch: usize, state: &State) -> Result<Begun> {
        state.get(&self.name, &self.shape(batch)).cloned().map(Begun)
    }

    /// All streams have begun once a chunk is through.
    pub(crate) fn advance(&self, begun: &Begun, state: &mut State) -> Result<()> {
        state.set(&self.name, &begun.0.ones_like().during("noting a first bin")?);
        Ok(())
    }
}

/// Which streams have begun: 1 or 0 for each.
pub(crate) struct Begun(Tensor);

impl Begun {
    /// What is held, (B, ..), in streams that have begun, and in the others what a lasting first bin leads to.
    pub(crate) fn choose(&self, held: &Tensor, lasting: &Tensor) -> candle_core::Result<Tensor> {
        let mut shape = vec![1; held.rank()];
        shape[0] = held.dim(0)?;
        let begun = self.0.reshape(shape)?;
        held.broadcast_mul(&begun)? + lasting.broadcast_mul(&begun.affine(-1.0, 1.0)?)?
    }
}

/// Whether this is the first bin of a single stream, which from now on has begun.
pub(crate) fn is_first(begun: &mut f32) -> bool {
    std::mem::replace(begun, 1.0) == 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_holds_its_first_bin_once() {
        let cpu = &Device::Cpu;
        let hold = HoldFirst::new("started".to_owned(), 2);
        let mut state = State::new();
        hold.init_state(2, (DType::F64, cpu), &mut state).unwrap();
        let held = Tensor::new(&[[1f64], [2.0]], cpu).unwrap();
        let first = Tensor::new(&[[7f64], [8.0]], cpu).unwrap();
        let mut next = || {
            let begun = hold.begun(2, &state).unwrap();
            hold.advance(&begun, &mut state).unwrap();
            begun.choose(&held, &first).unwrap().to_vec2::<f64>().unwrap()
        };
        assert_eq!(next(), [[7.0], [8.0]]);
        assert_eq!(next(), [[1.0], [2.0]]);
        let mut begun = 0.0;
        assert!(is_first(&mut begun) && !is_first(&mut begun));
    }
}
