//! The encoder one bin at a time: vectors run along positions, whose weights lie beside each other.

use candle_core::{DType, Tensor};

use super::arguments::{OP, check};
use crate::{
    error::{Error, Result},
    filters::frequency_taps::Sizes,
    simd::{dispatch::multiversion, float::LANES, vector::padded},
    step::{Step, StepSizes},
};

/// [`local_encoder`](crate::local_encoder) one bin at a time, without state.
///
/// In: the Ci F numbers of a bin, band by band for each input.  Out: C L, position by position for each channel.
#[derive(Clone, Debug)]
pub struct LocalEncoderStep {
    sizes: Sizes,
    eps: f32,
    /// (Ci K, C, L), (C, L): L padded.
    filters: Vec<f32>,
    biases: Vec<f32>,
    /// Gain and bias of each channel.
    norm: Vec<[f32; 2]>,
    /// What each tap meets at all positions (L), and a of all channels (C, L): L padded.
    seen: Vec<f32>,
    rows: Vec<f32>,
}

impl LocalEncoderStep {
    /// Lays out the weights of [`local_encoder`](crate::local_encoder), for frames of `inputs` channels of
    /// `bands` bands.
    ///
    /// # Errors
    /// As the operation; the weights are f32 on the CPU.
    #[allow(clippy::too_many_arguments, reason = "those of the operation, and the sizes of what it sees")]
    pub fn new(
        (inputs, bands): (usize, usize),
        weights: &Tensor,
        biases: &Tensor,
        gain: &Tensor,
        bias: &Tensor,
        stride: usize,
        eps: f64,
    ) -> Result<Self> {
        let frame = Tensor::zeros((1, inputs, bands, 1), DType::F32, weights.device());
        let frame = frame.map_err(Error::in_op(OP))?;
        let sizes = check(&frame, weights, biases, gain, bias, stride, eps)?;
        let numbers = |x: &Tensor| x.flatten_all()?.to_vec1::<f32>();
        let numbers = |x: &Tensor| numbers(x).map_err(Error::in_op(OP));
        let Sizes { channels, positions, .. } = sizes;
        let (taps, wide) = (inputs * sizes.width, padded(positions));
        let (from, mut filters) = (numbers(weights)?, vec![0.0; taps * channels * wide]);
        for (i, row) in from.chunks_exact(positions).enumerate() {
            let to = (i % taps * channels + i / taps) * wide;
            filters[to..][..positions].copy_from_slice(row);
        }
        let (from, mut rows) = (numbers(biases)?, vec![0.0; channels * wide]);
        for (row, to) in from.chunks_exact(positions).zip(rows.chunks_exact_mut(wide)) {
            to[..positions].copy_from_slice(row);
        }
        let norm = numbers(gain)?.into_iter().zip(numbers(bias)?).map(|(g, b)| [g, b]).collect();
        let biases = rows.clone();
        Ok(Self { sizes, eps: eps as f32, filters, biases, norm, seen: vec![0.0; wide], rows })
    }
}

impl Step for LocalEncoderStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.sizes.inputs * self.sizes.bands,
            state: 0,
            outputs: self.sizes.channels * self.sizes.positions,
        }
    }

    fn multiplications(&self) -> u64 {
        // Weights, and the norm over channels as in `ChannelNorm`.
        let Sizes { inputs, width, channels, positions, .. } = self.sizes;
        (channels * positions * (inputs * width + 3)) as u64
    }

    fn bin(&mut self, input: &[f32], _: &mut [f32], output: &mut [f32]) {
        let Self { sizes, eps, filters, biases, norm, seen, rows } = self;
        encode::<f32>(*sizes, *eps, filters, biases, norm, seen, rows, input, output);
    }
}

multiversion! {
    fn encode<F, M>(
        sizes: Sizes,
        eps: F,
        filters: &[F],
        biases: &[F],
        norm: &[[F; 2]],
        seen: &mut [F],
        rows: &mut [F],
        input: &[F],
        output: &mut [F],
    ) {
        let Sizes { inputs, bands, channels, width, positions, stride, .. } = sizes;
        let wide = seen.len();
        rows.copy_from_slice(biases);
        for (tap, filters) in filters.chunks_exact(channels * wide).enumerate().take(inputs * width) {
            let bands = &input[tap / width * bands + tap % width..];
            seen.iter_mut().take(positions).zip(bands.iter().step_by(stride)).for_each(|(s, x)| *s = *x);
            for (row, w) in rows.chunks_exact_mut(wide).zip(filters.chunks_exact(wide)) {
                row.iter_mut().zip(w).zip(&*seen).for_each(|((a, w), x)| *a = M::mul_add(*w, *x, *a));
            }
        }
        let share = F::ONE / F::of(channels as f64);
        for at in (0..wide).step_by(LANES) {
            let bins = LANES.min(positions - at);
            let (mut mean, mut scale) = ([F::ZERO; LANES], [F::ZERO; LANES]);
            for row in rows.chunks_exact(wide) {
                mean.iter_mut().zip(&row[at..]).for_each(|(m, a)| *m += *a);
            }
            mean.iter_mut().for_each(|m| *m *= share);
            for row in rows.chunks_exact(wide) {
                for ((s, a), m) in scale.iter_mut().zip(&row[at..]).zip(&mean) {
                    *s = M::mul_add(*a - *m, *a - *m, *s);
                }
            }
            scale.iter_mut().for_each(|s| *s = F::ONE / M::mul_add(*s, share, eps).root());
            for ((row, [gain, bias]), y) in
                rows.chunks_exact(wide).zip(norm).zip(output.chunks_exact_mut(positions))
            {
                let mut values = [F::ZERO; LANES];
                for (((v, a), m), s) in values.iter_mut().zip(&row[at..]).zip(&mean).zip(&scale) {
                    *v = M::mul_add((*a - *m) * *s, *gain, *bias).sigmoid::<M>();
                }
                y[at..][..bins].copy_from_slice(&values[..bins]);
            }
        }
    }
}
