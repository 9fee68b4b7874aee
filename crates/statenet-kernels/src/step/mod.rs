//! One bin at a time, on slices and without the heap: the form in which an operation meets a microphone.

pub(crate) mod sequential;

use candle_core::{DType, Device, Tensor};

use crate::error::{Dims, Error, Result};

/// An operation that turns one bin of input into one bin of output and carries a state between them.
///
/// Weights are laid out once, when the value is made; [`step`](Self::step) allocates nothing. The state is the
/// caller's, so that one set of weights serves any number of streams. Numbers are f32, and equal those of the
/// operation on a whole clip up to rounding.
pub trait Step: Send {
    /// Numbers that go in with each bin.
    fn n_inputs(&self) -> usize;

    /// Numbers that come out with each bin.
    fn n_outputs(&self) -> usize;

    /// Numbers of state; zeros are the state before the first bin unless the operation says otherwise.
    fn n_state(&self) -> usize;

    /// Takes one bin in, moves the state on, and writes one bin out.
    ///
    /// # Errors
    /// [`Error::Shape`] if a slice has another length than the three above; nothing is written then.
    fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()>;
}

/// Checks the lengths of a step's three slices: what every [`Step::step`] begins with.
///
/// # Errors
/// [`Error::Shape`] by the slice at fault.
pub fn check_lengths(
    op: &'static str,
    step: &dyn Step,
    input: &[f32],
    state: &[f32],
    output: &[f32],
) -> Result<()> {
    let lengths = [
        ("input", input.len(), step.n_inputs()),
        ("state", state.len(), step.n_state()),
        ("output", output.len(), step.n_outputs()),
    ];
    for (argument, got, expected) in lengths {
        if got != expected {
            let got = Dims::from([got].as_slice());
            return Err(Error::Shape { op, argument, got, expected: Dims(vec![Some(expected)]) });
        }
    }
    Ok(())
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
        fn n_inputs(&self) -> usize {
            2
        }
        fn n_outputs(&self) -> usize {
            1
        }
        fn n_state(&self) -> usize {
            1
        }
        fn step(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) -> Result<()> {
            check_lengths("sum", self, input, state, output)?;
            state[0] += input.iter().sum::<f32>();
            output[0] = state[0];
            Ok(())
        }
    }

    #[test]
    fn a_slice_of_another_length_is_named() {
        let mut state = [1.0];
        let error = Sum.step(&[1.0, 2.0, 3.0], &mut state, &mut [0.0]).unwrap_err();
        assert_eq!(error.to_string(), "sum: input has shape (3), expected (2)");
        assert_eq!(state, [1.0]);
        Sum.step(&[1.0, 2.0], &mut state, &mut [0.0]).unwrap();
        assert_eq!(state, [4.0]);
    }
}
