//! Filters along frequency, one frame at a time: of the locally connected encoder and of the band convolution.

use candle_core::Tensor;

use super::{OP, check};
use crate::{
    error::{Error, Result},
    filters::frequency_taps::{Filters, Sizes},
    simd::{dispatch::multiversion, float::LANES, vector::padded},
    step::{Step, StepSizes, values},
};

/// [`locally_connected`](crate::locally_connected()) of one bin: a frame (Ci F) in, C rows of L positions out, no
/// state.
pub struct LocallyConnected(Frames);

impl LocallyConnected {
    /// Takes `weights` (C, Ci K, L) and `biases` (C, L) for frames of `inputs` Ci by `bands` F, with positions
    /// `stride` bands apart.
    ///
    /// # Errors
    /// As those of the whole operation.
    pub fn new(
        weights: &Tensor,
        biases: &Tensor,
        [inputs, bands]: [usize; 2],
        stride: usize,
    ) -> Result<Self> {
        let sizes = check(OP, &frame(OP, [inputs, bands], weights)?, weights, biases, stride)?;
        Ok(Self(Frames::new(super::cpu::filters(sizes), &values(OP, weights)?, &values(OP, biases)?)))
    }
}

impl Step for LocallyConnected {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes { inputs: self.0.n_inputs(), state: 0, outputs: self.0.n_outputs() }
    }

    fn multiplications(&self) -> u64 {
        self.0.multiplications()
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        self.0.run(input, output);
    }
}

/// One empty frame, for the checks of the whole operation.
pub(crate) fn frame(op: &'static str, [inputs, bands]: [usize; 2], weight: &Tensor) -> Result<Tensor> {
    Tensor::zeros((1, inputs, bands, 1), weight.dtype(), weight.device()).map_err(Error::in_op(op))
}

/// The filters of all positions. Channels lie side by side, so that one number of a frame meets whole vectors.
pub(crate) struct Frames {
    sizes: Sizes,
    /// (L, Ci K, padded C).
    weights: Vec<f32>,
    /// (L, padded C).
    biases: Vec<f32>,
    sums: Vec<f32>,
}

impl Frames {
    pub(crate) fn new(filters: Filters, weight: &[f32], bias: &[f32]) -> Self {
        let Sizes { inputs, width, channels, positions, .. } = filters.sizes;
        let (taps, wide) = (inputs * width, padded(channels));
        let mut weights = vec![0.0; positions * taps * wide];
        let mut biases = vec![0.0; positions * wide];
        for l in 0..positions {
            for c in 0..channels {
                biases[l * wide + c] = bias[filters.bias_index(c, l)];
                for (tap, (index, _)) in filters.taps(c, l).enumerate() {
                    weights[(l * taps + tap) * wide + c] = weight[index];
                }
            }
        }
        Self { sizes: filters.sizes, weights, biases, sums: vec![0.0; wide] }
    }

    pub(crate) const fn n_inputs(&self) -> usize {
        self.sizes.inputs * self.sizes.bands
    }

    pub(crate) const fn n_outputs(&self) -> usize {
        self.sizes.channels * self.sizes.positions
    }

    pub(crate) const fn multiplications(&self) -> u64 {
        (self.n_outputs() * self.sizes.inputs * self.sizes.width) as u64
    }

    pub(crate) fn run(&mut self, x: &[f32], y: &mut [f32]) {
        bin::<f32>(self.sizes, x, &self.weights, &self.biases, &mut self.sums, y);
    }
}

multiversion! {
    fn bin<F, M>(sizes: Sizes, x: &[F], weights: &[F], biases: &[F], sums: &mut [F], y: &mut [F]) {
        let Sizes { inputs, bands, width, positions, stride, .. } = sizes;
        let wide = sums.len();
        let places = weights.chunks_exact(inputs * width * wide).zip(biases.chunks_exact(wide));
        for (l, (weights, bias)) in places.enumerate() {
            sums.copy_from_slice(bias);
            let sums = sums.as_chunks_mut::<LANES>().0;
            let inputs = x.chunks_exact(bands).zip(weights.chunks_exact(width * wide));
            for (x, weights) in inputs {
                for (x, weights) in x[l * stride..].iter().zip(weights.chunks_exact(wide)) {
                    for (sum, weight) in sums.iter_mut().zip(weights.as_chunks::<LANES>().0) {
                        for (sum, weight) in sum.iter_mut().zip(weight) {
                            *sum = M::mul_add(*x, *weight, *sum);
                        }
                    }
                }
            }
            for (y, sum) in y[l..].iter_mut().step_by(positions).zip(sums.as_flattened()) {
                *y = *sum;
            }
        }
    }
}
