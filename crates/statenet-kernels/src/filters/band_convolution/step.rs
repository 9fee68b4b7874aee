//! The band convolution, one frame at a time.

use candle_core::Tensor;

use super::{OP, check, cpu::filters};
use crate::{
    error::Result,
    filters::locally_connected::step::{Frames, frame},
    step::{Step, StepSizes, values},
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
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.0.n_inputs(), state: 0, outputs: self.0.n_outputs() }
    }

    fn multiplications(&self) -> u64 {
        self.0.multiplications()
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        self.0.run(input, output);
    }
}
