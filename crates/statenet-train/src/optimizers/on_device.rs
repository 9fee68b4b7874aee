//! Steps of a parameter on another device: moments and update are tensors there, and nothing visits the host.

use candle_core::{DType, Device, Result, Tensor, Var};

use super::rule::Rule;

/// The dtype in which moments and sums are kept on a device: f64, which Metal alone does not have.
pub(crate) fn precision(device: &Device) -> DType {
    if device.is_metal() { DType::F32 } else { DType::F64 }
}

/// Mean gradient and mean squared gradient of a parameter, in its shape and on its device.
#[derive(Debug)]
pub(super) struct DeviceMoments {
    mean: Tensor,
    square: Tensor,
}

impl DeviceMoments {
    pub(super) fn new(var: &Var) -> Result<Self> {
        let zeros = || Tensor::zeros(var.shape(), precision(var.device()), var.device());
        Ok(Self { mean: zeros()?, square: zeros()? })
    }

    pub(super) fn from_numbers(var: &Var, mean: &[f64], square: &[f64]) -> Result<Self> {
        let place = |numbers: &[f64]| {
            let tensor = Tensor::from_slice(numbers, var.shape(), &Device::Cpu)?;
            tensor.to_dtype(precision(var.device()))?.to_device(var.device())
        };
        Ok(Self { mean: place(mean)?, square: place(square)? })
    }

    pub(super) fn numbers(&self) -> Result<(Vec<f64>, Vec<f64>)> {
        let read = |tensor: &Tensor| {
            tensor.flatten_all()?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()
        };
        Ok((read(&self.mean)?, read(&self.square)?))
    }

    pub(super) fn step(&mut self, rule: Rule, var: &Var, grad: &Tensor) -> Result<()> {
        let precise = |x: &Tensor| x.detach().to_dtype(self.mean.dtype());
        let [value, mean, square] =
            rule.tensors(&precise(var.as_tensor())?, &precise(grad)?, &self.mean, &self.square)?;
        var.set(&value.to_dtype(var.dtype())?)?;
        *self = Self { mean, square };
        Ok(())
    }
}
