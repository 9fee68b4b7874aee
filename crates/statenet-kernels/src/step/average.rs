//! Several steps side by side, averaged.

use crate::{
    error::{Dims, Error, Result},
    step::{Step, StepSizes},
};

const OP: &str = "average";

/// The mean of several steps that take the same input; itself a [`Step`].
///
/// Its state is the states of all steps, one after the other.
pub struct Average {
    steps: Vec<Box<dyn Step>>,
    /// The output of one step.
    one: Vec<f32>,
}

impl Average {
    /// Puts steps side by side, at least one.
    ///
    /// # Errors
    /// [`Error::Range`] without a step, [`Error::Shape`] if a step has another number of inputs or outputs than the first.
    ///
    /// # Examples
    /// ```
    /// use candle_core::{Device, Tensor};
    /// use statenet_kernels::{Step, steps};
    ///
    /// let weight = |factor: f32| Tensor::new(&[[factor]], &Device::Cpu);
    /// let twice = steps::Affine::new(&weight(2.0)?, None)?;
    /// let four_times = steps::Affine::new(&weight(4.0)?, None)?;
    /// let mut mean = steps::Average::new(vec![Box::new(twice), Box::new(four_times)])?;
    /// let mut y = [0.0];
    /// mean.step(&[5.0], &mut [], &mut y)?;
    /// assert_eq!(y, [15.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(steps: Vec<Box<dyn Step>>) -> Result<Self> {
        let Some(first) = steps.first() else {
            return Err(Error::Range { op: OP, argument: "steps", got: 0.0, expected: "at least 1" });
        };
        let (inputs, outputs) = (first.n_inputs(), first.n_outputs());
        for step in &steps {
            for (argument, got, expected) in [
                ("input of a step", step.n_inputs(), inputs),
                ("output of a step", step.n_outputs(), outputs),
            ] {
                if got != expected {
                    let (got, expected) = (Dims(vec![Some(got)]), Dims(vec![Some(expected)]));
                    return Err(Error::Shape { op: OP, argument, got, expected });
                }
            }
        }
        Ok(Self { one: vec![0.0; outputs], steps })
    }
}

impl Step for Average {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.steps.first().map_or(0, |step| step.n_inputs()),
            state: self.steps.iter().map(|step| step.n_state()).sum(),
            outputs: self.one.len(),
        }
    }

    fn multiplications(&self) -> u64 {
        self.steps.iter().map(|step| step.multiplications()).sum::<u64>() + self.one.len() as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        output.fill(0.0);
        let mut rest = state;
        for step in &mut self.steps {
            let (state, later) = rest.split_at_mut(step.n_state());
            rest = later;
            step.bin(input, state, &mut self.one);
            output.iter_mut().zip(&self.one).for_each(|(sum, one)| *sum += one);
        }
        let share = 1.0 / self.steps.len() as f32;
        output.iter_mut().for_each(|sum| *sum *= share);
    }
}
