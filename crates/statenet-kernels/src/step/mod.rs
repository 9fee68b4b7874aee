//! Operations one bin at a time, on slices and without allocations: for closed loops and for microphones.

pub(crate) mod average;
pub(crate) mod sequential;

use candle_core::{DType, Device, Tensor};

use crate::error::{Dims, Error, Result};

/// How many numbers a [`Step`] takes in, keeps and gives out with each bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepSizes {
    /// Numbers that go in.
    pub inputs: usize,
    /// Numbers of state.
    pub state: usize,
    /// Numbers that come out.
    pub outputs: usize,
}

/// An operation that turns one bin of input into one bin of output and carries a state between them.
///
/// Weights are laid out once, when the value is made; [`step`](Self::step) allocates nothing. The state is the
/// caller's, so that one set of weights serves any number of streams. Numbers are f32, and equal those of the
/// operation on a whole clip up to rounding.
///
/// ```
/// use statenet_kernels::{Step, StepSizes};
///
/// /// The sum of all numbers so far.
/// struct RunningSum;
///
/// impl Step for RunningSum {
///     fn name(&self) -> &'static str {
///         "running sum"
///     }
///
///     fn sizes(&self) -> StepSizes {
///         StepSizes { inputs: 1, state: 1, outputs: 1 }
///     }
///
///     fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
///         state[0] += input[0];
///         output[0] = state[0];
///     }
/// }
///
/// let (mut state, mut output) = ([0.0], [0.0]);
/// RunningSum.step(&[2.0], &mut state, &mut output)?;
/// RunningSum.step(&[3.0], &mut state, &mut output)?;
/// assert_eq!(output, [5.0]);
/// assert!(RunningSum.step(&[], &mut state, &mut output).is_err());
/// # Ok::<(), statenet_kernels::Error>(())
/// ```
pub trait Step: Send {
    /// The operation's name in errors.
    fn name(&self) -> &'static str;

    /// How long the three slices of [`step`](Self::step) are.
    fn sizes(&self) -> StepSizes;

    /// The work of [`step`](Self::step), on slices of the lengths that [`sizes`](Self::sizes) gives.
    ///
    /// For implementors, and for steps made of steps. It may panic on slices of other lengths: everybody else calls
    /// [`step`](Self::step), which checks them.
    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]);

    /// Multiplications and divisions of a bin, those within functions such as an exponential aside.
    ///
    /// Unless overridden one for each number that comes out, as in a function of every number.
    fn multiplications(&self) -> u64 {
        self.n_outputs() as u64
    }

    /// Takes one bin in, moves the state on, and writes one bin out.
    ///
    /// Zeros are the state before the first bin unless the operation says otherwise.
    ///
    /// # Errors
    /// [`Error::Shape`] if a slice has another length than [`sizes`](Self::sizes) says; nothing is written then.
    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
        let sizes = self.sizes();
        for (argument, got, expected) in [
            ("input", input.len(), sizes.inputs),
            ("state", state.len(), sizes.state),
            ("output", output.len(), sizes.outputs),
        ] {
            if got != expected {
                let (got, expected) = (Dims(vec![Some(got)]), Dims(vec![Some(expected)]));
                return Err(Error::Shape { op: self.name(), argument, got, expected });
            }
        }
        self.bin(input, state, output);
        Ok(())
    }

    /// Numbers that go in with each bin.
    fn n_inputs(&self) -> usize {
        self.sizes().inputs
    }

    /// Numbers of state.
    fn n_state(&self) -> usize {
        self.sizes().state
    }

    /// Numbers that come out with each bin.
    fn n_outputs(&self) -> usize {
        self.sizes().outputs
    }
}

/// The numbers of a weight, as a step keeps them.
///
/// # Errors
/// [`Error::Tensor`] if they cannot be read.
pub fn values(op: &'static str, tensor: &Tensor) -> Result<Vec<f32>> {
    let run = || tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1();
    run().map_err(Error::in_op(op))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sum;

    impl Step for Sum {
        fn name(&self) -> &'static str {
            "sum"
        }

        fn sizes(&self) -> StepSizes {
            StepSizes { inputs: 2, state: 1, outputs: 1 }
        }

        fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
            state[0] += input.iter().sum::<f32>();
            output[0] = state[0];
        }
    }

    #[test]
    fn a_slice_of_another_length_is_named() {
        let mut state = [1.0];
        let error = Sum.step(&[1.0, 2.0, 3.0], &mut state, &mut [0.0]).unwrap_err();
        assert_eq!(error.to_string(), "sum: input has shape (3), expected (2)");
        let error = Sum.step(&[1.0, 2.0], &mut [], &mut [0.0]).unwrap_err();
        assert_eq!(error.to_string(), "sum: state has shape (0), expected (1)");
        let error = Sum.step(&[1.0, 2.0], &mut state, &mut [0.0; 2]).unwrap_err();
        assert_eq!(error.to_string(), "sum: output has shape (2), expected (1)");
        assert_eq!(state, [1.0]);
        Sum.step(&[1.0, 2.0], &mut state, &mut [0.0]).unwrap();
        assert_eq!(state, [4.0]);
    }
}
