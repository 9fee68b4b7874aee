//! The filter, one bin at a time.

use candle_core::Tensor;

use super::{OP, cpu::by_taps};
use crate::{
    error::Result,
    simd::dispatch::multiversion,
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`depthwise_conv1d`](crate::depthwise_conv1d()) of one bin: C numbers in and out; the state is the last K - 1 bins (K - 1, C),
/// oldest first.
#[derive(Clone, Debug)]
pub struct DepthwiseConv1d {
    /// (K, C).
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl DepthwiseConv1d {
    /// Takes `weight` (C, K) and `bias` (C).
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) by the argument at fault.
    pub fn new(weight: &Tensor, bias: &Tensor) -> Result<Self> {
        let check = Check::new(OP);
        let [channels, taps] = check.dims("weight", weight, [None, None])?;
        check.dims("bias", bias, [Some(channels)])?;
        Ok(Self { weight: by_taps(&values(OP, weight)?, taps), bias: values(OP, bias)? })
    }
}

impl Step for DepthwiseConv1d {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.bias.len(),
            state: self.weight.len() - self.bias.len(),
            outputs: self.bias.len(),
        }
    }

    fn multiplications(&self) -> u64 {
        self.weight.len() as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        output.copy_from_slice(&self.bias);
        bin::<f32>(state, input, &self.weight, output);
        if !state.is_empty() {
            let newest = state.len() - input.len();
            state.copy_within(input.len().., 0);
            state[newest..].copy_from_slice(input);
        }
    }
}

multiversion! {
    /// y, which holds the bias.
    fn bin<F, M>(before: &[F], x: &[F], weight: &[F], y: &mut [F]) {
        let channels = x.len();
        let bins = before.chunks_exact(channels).chain(std::iter::once(x));
        for (weight, x) in weight.chunks_exact(channels).zip(bins) {
            for ((y, w), x) in y.iter_mut().zip(weight).zip(x) {
                *y = M::mul_add(*w, *x, *y);
            }
        }
        y.iter_mut().for_each(|y| *y *= y.sigmoid::<M>());
    }
}
