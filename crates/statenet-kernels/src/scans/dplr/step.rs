//! The recurrence of S4, one bin at a time.

use super::{DplrWeights, OP};
use crate::{
    error::Result,
    scans::diagonal::step::Pairs,
    step::{Step, StepSizes},
};

/// [`dplr_scan`](crate::dplr_scan()) of one bin: u (H) goes in, y (H) comes out; the state is s (H, N, 2).
#[derive(Clone, Debug)]
pub struct DplrScan(Pairs);

impl DplrScan {
    /// Takes all weights.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weights: DplrWeights<'_>) -> Result<Self> {
        Pairs::new(OP, &weights.named()).map(Self)
    }
}

impl Step for DplrScan {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        self.0.sizes()
    }

    fn multiplications(&self) -> u64 {
        // And what the part of rank one reads and writes.
        self.0.multiplications(4 + 2 + 2 + 2 + 2)
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        self.0.bin(input, state, output);
    }
}
