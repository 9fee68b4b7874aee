//! Softplus, one bin at a time.

use super::OP;
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, check_lengths},
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
    fn n_inputs(&self) -> usize {
        self.0
    }

    fn n_outputs(&self) -> usize {
        self.0
    }

    fn n_state(&self) -> usize {
        0
    }

    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
        check_lengths(OP, self, input, state, output)?;
        bin::<f32>(input, output);
        Ok(())
    }
}

multiversion! {
    fn bin<F, M>(x: &[F], y: &mut [F]) {
        y.iter_mut().zip(x).for_each(|(y, x)| *y = x.softplus::<M>().0);
    }
}
