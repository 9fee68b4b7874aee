//! Checks of arguments that all operations share; each failure is a typed error.

use candle_core::{DType, Tensor};

use crate::error::{Dims, Error, Result};

/// One operation's arguments under inspection.
#[derive(Clone, Copy)]
pub(crate) struct Check {
    pub(crate) op: &'static str,
}

impl Check {
    pub(crate) const fn new(op: &'static str) -> Self {
        Self { op }
    }

    /// The sizes of `tensor`, where `expected` gives each size or `None` for any; none may be zero.
    pub(crate) fn dims<const R: usize>(
        &self,
        argument: &'static str,
        tensor: &Tensor,
        expected: [Option<usize>; R],
    ) -> Result<[usize; R]> {
        let dims: Option<[usize; R]> = tensor.dims().try_into().ok();
        match dims {
            Some(dims) if dims.iter().zip(expected).all(|(&d, e)| d > 0 && e.is_none_or(|e| e == d)) => {
                Ok(dims)
            }
            _ => Err(Error::Shape {
                op: self.op,
                argument,
                got: tensor.dims().into(),
                expected: Dims(expected.to_vec()),
            }),
        }
    }

    /// `tensor` holds floats that the operation computes with, of the same dtype as `first`.
    pub(crate) fn dtype(&self, argument: &'static str, tensor: &Tensor, first: &Tensor) -> Result<()> {
        let expected = match first.dtype() {
            DType::F32 => "F32",
            DType::F64 => "F64",
            _ => "F32 or F64",
        };
        if tensor.dtype() == first.dtype() && matches!(first.dtype(), DType::F32 | DType::F64) {
            Ok(())
        } else {
            Err(Error::DType { op: self.op, argument, got: tensor.dtype(), expected })
        }
    }

    /// All of the named tensors have the dtype of the first.
    pub(crate) fn dtypes(&self, tensors: &[(&'static str, &Tensor)]) -> Result<()> {
        let Some((_, first)) = tensors.first() else {
            return Ok(());
        };
        tensors.iter().try_for_each(|(argument, tensor)| self.dtype(argument, tensor, first))
    }

    /// All of the named tensors lie where the first does.
    pub(crate) fn devices(&self, tensors: &[(&'static str, &Tensor)]) -> Result<()> {
        let Some((_, first)) = tensors.first() else {
            return Ok(());
        };
        match tensors.iter().find(|(_, t)| !t.device().same_device(first.device())) {
            None => Ok(()),
            Some((argument, t)) => Err(Error::Device {
                op: self.op,
                argument,
                got: t.device().location(),
                expected: first.device().location(),
            }),
        }
    }

    /// A number lies in a range, whose words are `expected`.
    pub(crate) fn range(
        &self,
        argument: &'static str,
        got: f64,
        valid: bool,
        expected: &'static str,
    ) -> Result<()> {
        if valid { Ok(()) } else { Err(Error::Range { op: self.op, argument, got, expected }) }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn sizes_are_read_or_refused() {
        let check = Check::new("op");
        let x = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
        assert_eq!(check.dims("x", &x, [None, Some(3)]).unwrap(), [2, 3]);
        let wrong = check.dims("x", &x, [None, Some(4)]).unwrap_err();
        assert_eq!(wrong.to_string(), "op: x has shape (2, 3), expected (_, 4)");
        assert!(check.dims("x", &x, [None, None, None]).is_err());
        let empty = Tensor::zeros((0, 3), DType::F32, &Device::Cpu).unwrap();
        assert!(check.dims("x", &empty, [None, Some(3)]).is_err());
    }

    #[test]
    fn dtypes_must_be_equal_floats() {
        let check = Check::new("op");
        let x = Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap();
        let y = Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap();
        let z = Tensor::zeros(2, DType::U8, &Device::Cpu).unwrap();
        assert!(check.dtypes(&[("x", &x), ("x", &x)]).is_ok());
        let wrong = check.dtypes(&[("x", &x), ("y", &y)]).unwrap_err();
        assert_eq!(wrong.to_string(), "op: y has dtype F64, expected F32");
        assert!(check.dtypes(&[("z", &z)]).is_err());
    }
}
