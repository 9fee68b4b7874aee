//! Causal receptive fields, one frame at a time.

use candle_core::Tensor;

use super::OP;
use crate::{
    dense::affine::step::product,
    error::Result,
    matrix::packed::PackedMatrix,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`causal_strf`](crate::causal_strf()) of one bin: a frame (C F) in, O numbers out.
///
/// The state is the `context` of the whole operation, (C, F, K-1) with the oldest frame first. Each step
/// moves it by one frame, a few kilobytes, so that its layout is that of the other forms.
pub struct CausalStrf {
    depth: usize,
    lags: usize,
    outputs: usize,
    panels: PackedMatrix<f32>,
    /// The bias, padded to the panels' width.
    start: Vec<f32>,
    sums: Vec<f32>,
    /// What the receptive field sees, (C, F, K).
    window: Vec<f32>,
}

impl CausalStrf {
    /// Takes `weight` (O, C, F, K), last column lag 0, and `bias` (O), zero if `None`.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weight: &Tensor, bias: Option<&Tensor>) -> Result<Self> {
        let check = Check::new(OP);
        let [outputs, channels, bands, lags] = check.dims("weight", weight, [None; 4])?;
        let depth = channels * bands;
        let weight = values(OP, weight)?;
        let panels =
            PackedMatrix::new(depth * lags, outputs, 1, |k, column| weight[column * depth * lags + k]);
        let mut start = vec![0.0; panels.width()];
        if let Some(bias) = bias {
            check.dims("bias", bias, [Some(outputs)])?;
            start[..outputs].copy_from_slice(&values(OP, bias)?);
        }
        let (sums, window) = (vec![0.0; panels.width()], vec![0.0; depth * lags]);
        Ok(Self { depth, lags, outputs, panels, start, sums, window })
    }
}

impl Step for CausalStrf {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.depth, state: self.depth * (self.lags - 1), outputs: self.outputs }
    }

    fn multiplications(&self) -> u64 {
        (self.outputs * self.depth * self.lags) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let before = self.lags - 1;
        for (band, (window, now)) in self.window.chunks_exact_mut(self.lags).zip(input).enumerate() {
            let past = &mut state[band * before..][..before];
            window[..before].copy_from_slice(past);
            window[before] = *now;
            past.copy_from_slice(&window[1..]);
        }
        product::<f32>(&self.panels, &self.window, &self.start, &mut self.sums);
        output.copy_from_slice(&self.sums[..self.outputs]);
    }
}
