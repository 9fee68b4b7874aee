//! Several steps as one.

use crate::{
    error::{Dims, Error, Result},
    step::{Step, StepSizes},
};

const OP: &str = "sequential";

/// Steps of which each takes the output of the one before; itself a [`Step`].
///
/// Its state is the states of all steps, one after the other.
pub struct Sequential {
    steps: Vec<Box<dyn Step>>,
    /// The output of each step but the last.
    between: Vec<Vec<f32>>,
}

impl Sequential {
    /// Joins steps, at least one.
    ///
    /// # Errors
    /// [`Error::Range`] without a step, [`Error::Shape`] if a step takes another number of inputs than the one before it
    /// has outputs.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use statenet_kernels::{Step, steps};
    ///
    /// let double = steps::Affine::new(&Tensor::new(&[[2f32]], &Device::Cpu)?, None)?;
    /// let one_more = steps::Affine::new(
    ///     &Tensor::new(&[[1f32]], &Device::Cpu)?,
    ///     Some(&Tensor::new(&[1f32], &Device::Cpu)?),
    /// )?;
    /// let mut sequential = steps::Sequential::new(vec![Box::new(double), Box::new(one_more)])?;
    /// let mut y = [0.0];
    /// sequential.step(&[3.0], &mut [], &mut y)?;
    /// assert_eq!(y, [7.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(steps: Vec<Box<dyn Step>>) -> Result<Self> {
        if steps.is_empty() {
            return Err(Error::Range { op: OP, argument: "steps", got: 0.0, expected: "at least 1" });
        }
        for (before, after) in steps.iter().zip(steps.iter().skip(1)) {
            let (given, taken) = (before.n_outputs(), after.n_inputs());
            if given != taken {
                let (got, expected) = (Dims(vec![Some(given)]), Dims(vec![Some(taken)]));
                return Err(Error::Shape { op: OP, argument: "input of a step", got, expected });
            }
        }
        let between = steps.iter().take(steps.len() - 1).map(|step| vec![0.0; step.n_outputs()]).collect();
        Ok(Self { steps, between })
    }
}

impl Step for Sequential {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.steps.first().map_or(0, |step| step.n_inputs()),
            state: self.steps.iter().map(|step| step.n_state()).sum(),
            outputs: self.steps.last().map_or(0, |step| step.n_outputs()),
        }
    }

    fn multiplications(&self) -> u64 {
        self.steps.iter().map(|step| step.multiplications()).sum()
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let mut rest = state;
        let mut given = input;
        let mut between = self.between.iter_mut();
        for step in &mut self.steps {
            let (state, later) = rest.split_at_mut(step.n_state());
            rest = later;
            match between.next() {
                Some(next) => {
                    step.bin(given, state, next);
                    given = next;
                }
                None => step.bin(given, state, output),
            }
        }
    }
}
