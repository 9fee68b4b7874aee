//! The affine map, one bin at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    error::Result,
    matrix::packed::PackedMatrix,
    simd::dispatch::multiversion,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`affine`](crate::affine()) of one bin: I numbers in, O numbers out, no state.
pub struct Affine {
    inputs: usize,
    outputs: usize,
    panels: PackedMatrix<f32>,
    /// The bias, padded to the panels' width.
    start: Vec<f32>,
    sums: Vec<f32>,
}

impl Affine {
    /// Takes `weight` (O, I) and `bias` (O), zero if `None`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let check = Check::new(OP);
        let [outputs, inputs] = check.dims("weight", weight, [None, None])?;
        let weight = values(OP, weight)?;
        let panels = PackedMatrix::new(inputs, outputs, 1, |k, column| weight[column * inputs + k]);
        let mut start = vec![0.0; panels.width()];
        if let Some(bias) = bias {
            check.dims("bias", bias, [Some(outputs)])?;
            start[..outputs].copy_from_slice(&values(OP, bias)?);
        }
        let sums = vec![0.0; panels.width()];
        Ok(Self { inputs, outputs, panels, start, sums })
    }
}

impl Step for Affine {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.inputs, state: 0, outputs: self.outputs }
    }

    fn multiplications(&self) -> u64 {
        (self.inputs * self.outputs) as u64
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        product::<f32>(&self.panels, input, &self.start, &mut self.sums);
        output.copy_from_slice(&self.sums[..self.outputs]);
    }
}

multiversion! {
    /// One row: `sums` = `start` + x P.
    pub(crate) fn product<F, M>(panels: &PackedMatrix<F>, x: &[F], start: &[F], sums: &mut [F]) {
        panels.product::<M, 1>([x], Some(start), sums, false);
    }
}
