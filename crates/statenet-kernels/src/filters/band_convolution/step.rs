//! The band convolution, one frame at a time.

use candle_core::Tensor;

use super::{OP, check, cpu::filters};
use crate::{
    error::Result,
    filters::locally_connected::step::{Frames, frame},
    step::{Step, check_lengths, values},
};

/// [`band_convolution`](crate::band_convolution()) of one bin: a frame (Ci F) in, C rows of L positions out, no
/// state.
pub struct BandConvolution(Frames);

impl BandConvolution {
    /// Takes `weight` (C, Ci, K) and `bias` (C) for frames of Ci by `bands` F, with positions `stride` bands apart.
    ///
    /// # Errors
    /// As those of the whole operation.
    pub fn new(weight: &Tensor, bias: &Tensor, bands: usize, stride: usize) -> Result<Self> {
        let [_, inputs, _] = crate::tensor::arguments::Check::new(OP).dims("weight", weight, [None; 3])?;
        let sizes = check(&frame(OP, [inputs, bands], weight)?, weight, bias, stride)?;
        Ok(Self(Frames::new(filters(sizes), &values(OP, weight)?, &values(OP, bias)?)))
    }
}

impl Step for BandConvolution {
    fn n_inputs(&self) -> usize {
        self.0.n_inputs()
    }

    fn n_outputs(&self) -> usize {
        self.0.n_outputs()
    }

    fn n_state(&self) -> usize {
        0
    }

    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
        check_lengths(OP, self, input, state, output)?;
        self.0.run(input, output);
        Ok(())
    }
}
