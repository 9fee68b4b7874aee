//! Softplus, one bin at a time.

use super::OP;
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, StepSizes},
    tensor::arguments::Check,
};

/// [`softplus`](crate::softplus()) of one bin: as many numbers out as in, no state.
pub struct Softplus(usize);

impl Softplus {
    /// For bins of `n` numbers.
    ///
    /// # Errors
    /// [`Error::Range`](crate::Error::Range) if `n` is 0.
    pub fn new(n: usize) -> Result<Self> {
        Check::new(OP).range("n", n as f64, n > 0, "at least 1")?;
        Ok(Self(n))
    }
}

impl Step for Softplus {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.0, state: 0, outputs: self.0 }
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        bin::<f32>(input, output);
    }
}

multiversion! {
    fn bin<F, M>(x: &[F], y: &mut [F]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x.softplus::<M>().0);
    }
}
