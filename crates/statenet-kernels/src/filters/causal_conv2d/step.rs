//! The convolution over frequency and time, one frame at a time.

use candle_core::Tensor;

use super::{
    OP,
    products::{MAX_FILTERS, SPAN, convolve, groups},
};
use crate::{
    error::Result,
    simd::{
        dispatch::multiversion,
        float::{MulAdd, Real},
    },
    step::{Step, StepSizes, values},
    tensor::arguments::Check,
};

/// [`causal_conv2d`](crate::causal_conv2d()) of one bin: a frame (Ci F) in, (Co F') out.
///
/// The state is the `context` of the whole operation, (Ci, F, Kt-1) with the oldest frame first. Neighbouring rows of
/// the result are computed side by side: inside, a frame is a row of bands.
pub struct CausalConv2d {
    sizes: Sizes,
    bias: Vec<f32>,
    /// Group by group of the filters, (Ci, Kt, Kf, filters of the group).
    weights: Vec<f32>,
    /// What the filters see, (Ci, Kt, stride): bands one after the other, zeros beyond the last.
    window: Vec<f32>,
}

#[derive(Clone, Copy)]
struct Sizes {
    inputs: usize,
    bands: usize,
    outputs: usize,
    rows: usize,
    width: usize,
    lags: usize,
    /// From one row of bands to the next.
    stride: usize,
}

impl CausalConv2d {
    /// Takes `weight` (Co, Ci, Kf, Kt), last column lag 0, and `bias` (Co), for frames of Ci by `bands` F.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), or [`Error::Range`](crate::Error::Range) if the filter is wider than the
    /// bands.
    pub fn new(weight: &Tensor, bias: &Tensor, bands: usize) -> Result<Self> {
        let check = Check::new(OP);
        let [outputs, inputs, width, lags] = check.dims("weight", weight, [None; 4])?;
        check.range("weight's width", width as f64, width <= bands, "at most the number of bands")?;
        check.dims("bias", bias, [Some(outputs)])?;
        let rows = bands - width + 1;
        let stride = rows.next_multiple_of(SPAN) + width - 1;
        let sizes = Sizes { inputs, bands, outputs, rows, width, lags, stride };
        let given = values(OP, weight)?;
        let mut weights = Vec::with_capacity(given.len());
        let mut first = 0;
        for filters in groups(outputs, MAX_FILTERS) {
            for at in 0..inputs * lags * width {
                let (i, j, k) = (at / width / lags, at / width % lags, at % width);
                for o in first..first + filters {
                    weights.push(given[((o * inputs + i) * width + k) * lags + j]);
                }
            }
            first += filters;
        }
        Ok(Self { sizes, bias: values(OP, bias)?, weights, window: vec![0.0; inputs * lags * stride] })
    }
}

impl Step for CausalConv2d {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.sizes.inputs * self.sizes.bands,
            state: self.sizes.inputs * self.sizes.bands * (self.sizes.lags - 1),
            outputs: self.sizes.outputs * self.sizes.rows,
        }
    }

    fn multiplications(&self) -> u64 {
        let Sizes { inputs, outputs, rows, width, lags, .. } = self.sizes;
        (outputs * rows * inputs * width * lags) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let Sizes { bands, lags, stride, .. } = self.sizes;
        let before = lags - 1;
        for (i, now) in input.iter().enumerate() {
            let past = &mut state[i * before..][..before];
            let column = &mut self.window[i / bands * lags * stride + i % bands..];
            for (j, x) in past.iter().enumerate() {
                column[j * stride] = *x;
            }
            column[before * stride] = *now;
            if let [first, ..] = past {
                *first = *now;
                past.rotate_left(1);
            }
        }
        frame(self.sizes, &self.bias, &self.weights, &self.window, output);
    }
}

multiversion! {
    /// All filters of one frame.
    fn frame<F, M>(sizes: Sizes, bias: &[F], weights: &[F], window: &[F], y: &mut [F]) {
        let Sizes { inputs, outputs, rows, width, lags, stride, .. } = sizes;
        let mut weights = weights;
        let mut first = 0;
        for filters in groups(outputs, MAX_FILTERS) {
            let (these, rest) = weights.split_at(inputs * lags * width * filters);
            let bias = &bias[first..][..filters];
            let y = &mut y[first * rows..][..filters * rows];
            match filters {
                1 => rows_of::<F, M, 1>(window, stride, these, width, bias, y),
                2 => rows_of::<F, M, 2>(window, stride, these, width, bias, y),
                3 => rows_of::<F, M, 3>(window, stride, these, width, bias, y),
                4 => rows_of::<F, M, 4>(window, stride, these, width, bias, y),
                5 => rows_of::<F, M, 5>(window, stride, these, width, bias, y),
                _ => rows_of::<F, M, 6>(window, stride, these, width, bias, y),
            }
            weights = rest;
            first += filters;
        }
    }
}

/// The rows of R filters.
#[inline(always)]
fn rows_of<F: Real, M: MulAdd, const R: usize>(
    window: &[F],
    stride: usize,
    weights: &[F],
    width: usize,
    bias: &[F],
    y: &mut [F],
) {
    let rows = y.len() / R;
    for at in (0..rows).step_by(SPAN) {
        let sums = convolve::<F, M, R>(window, stride, at, weights, width);
        for r in 0..R {
            let y = &mut y[r * rows + at..][..SPAN.min(rows - at)];
            y.iter_mut().zip(sums[r].as_flattened()).for_each(|(y, sum)| *y = bias[r] + *sum);
        }
    }
}
