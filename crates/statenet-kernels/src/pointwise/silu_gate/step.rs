//! The gate, one bin at a time.

use super::OP;
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, check_lengths},
    tensor::arguments::Check,
};

/// [`silu_gate`](crate::silu_gate()) of one bin: C numbers x, then C numbers z in, C out, no state.
#[derive(Clone, Copy, Debug)]
pub struct SiluGate(usize);

impl SiluGate {
    /// For bins of `channels` numbers.
    ///
    /// # Errors
    /// [`Error::Range`](crate::Error::Range) if it is 0.
    pub fn new(channels: usize) -> Result<Self> {
        Check::new(OP).range("channels", channels as f64, channels > 0, "at least 1")?;
        Ok(Self(channels))
    }
}

impl Step for SiluGate {
    fn n_inputs(&self) -> usize {
        2 * self.0
    }

    fn n_outputs(&self) -> usize {
        self.0
    }

    fn n_state(&self) -> usize {
        0
    }

    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
        check_lengths(OP, self, input, state, output)?;
        let (x, z) = input.split_at(self.0);
        bin::<f32>(x, z, output);
        Ok(())
    }
}

multiversion! {
    fn bin<F, M>(x: &[F], z: &[F], y: &mut [F]) {
        for ((y, x), z) in y.iter_mut().zip(x).zip(z) {
            *y = *x * *z * z.sigmoid::<M>();
        }
    }
}
