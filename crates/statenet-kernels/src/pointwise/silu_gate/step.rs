//! The gate, one bin at a time.

use super::OP;
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, StepSizes},
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
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: 2 * self.0, state: 0, outputs: self.0 }
    }

    fn multiplications(&self) -> u64 {
        2 * self.0 as u64
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let (x, z) = input.split_at(self.0);
        bin::<f32>(x, z, output);
    }
}

multiversion! {
    fn bin<F, M>(x: &[F], z: &[F], y: &mut [F]) {
        for ((y, x), z) in y.iter_mut().zip(x).zip(z) {
            *y = *x * *z * z.sigmoid::<M>();
        }
    }
}
