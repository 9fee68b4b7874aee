//! Short-term plasticity, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`plasticity`](crate::plasticity()) of one bin: gain and loss (2, C) in, the quantity at the bin (C) out; the state is
/// the quantity at the next bin (C). Start it with ones, a synapse at rest.
#[derive(Clone, Debug)]
pub struct Plasticity {
    rate: Vec<f32>,
}

impl Plasticity {
    /// Takes `rate` (C).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) if it is no vector.
    pub fn new(rate: &Tensor) -> Result<Self> {
        Check::new(OP).dims("rate", rate, [None])?;
        Ok(Self { rate: values(OP, rate)? })
    }
}

impl Step for Plasticity {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: 2 * self.rate.len(), state: self.rate.len(), outputs: self.rate.len() }
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let (gain, loss) = input.split_at(self.rate.len());
        for ((((z, y), b), c), r) in state.iter_mut().zip(output).zip(gain).zip(loss).zip(&self.rate) {
            *y = *z;
            *z = (*z + r + b) / (1.0 + r + c);
        }
    }
}
