//! The running average, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`adaptation`](crate::adaptation()) of one bin: C numbers in, C averages of those before them out; the state
/// is the average (C). Start it with the first bin's numbers, as if that bin had lasted for ever.
#[derive(Clone, Debug)]
pub struct Adaptation {
    decay: Vec<f32>,
}

impl Adaptation {
    /// Takes `decay` (C).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if it is no vector.
    pub fn new(decay: &Tensor) -> Result<Self> {
        Check::new(OP).dims("decay", decay, [None])?;
        Ok(Self { decay: values(OP, decay)? })
    }
}

impl Step for Adaptation {
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
        for (((e, x), y), a) in state.iter_mut().zip(input).zip(output).zip(&self.decay) {
            *y = *e;
            *e = a * *e + (1.0 - a) * x;
        }
    }
}
