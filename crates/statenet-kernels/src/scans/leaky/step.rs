//! Leaky integrators, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`leaky`](crate::leaky()) of one bin: C numbers in, C states out; the state is z (C).
#[derive(Clone, Debug)]
pub struct Leaky {
    decay: Vec<f32>,
    gain: Vec<f32>,
}

impl Leaky {
    /// Takes `decay` (C) and `gain` (C).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if the two differ in length.
    pub fn new(decay: &Tensor, gain: &Tensor) -> Result<Self> {
        let check = Check::new(OP);
        let [channels] = check.dims("decay", decay, [None])?;
        check.dims("gain", gain, [Some(channels)])?;
        Ok(Self { decay: values(OP, decay)?, gain: values(OP, gain)? })
    }
}

impl Step for Leaky {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.decay.len(), state: self.decay.len(), outputs: self.decay.len() }
    }

    fn multiplications(&self) -> u64 {
        2 * self.decay.len() as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        for ((((z, x), y), a), b) in state.iter_mut().zip(input).zip(output).zip(&self.decay).zip(&self.gain)
        {
            *z = a * *z + b * x;
            *y = *z;
        }
    }
}
