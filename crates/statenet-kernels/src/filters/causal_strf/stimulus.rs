//! The gradient of the stimulus, needed only where a stage lies in front: a product with a sliding window.
//!
//! With time outermost, the K columns of the gradient that a frame meets are contiguous, so they are rows of a matrix that
//! overlap. Where frames are narrow (a single row of samples), a row of the product gives several of them at once: their windows
//! differ by a few columns only, and a product is fast if its result is wide.

use super::Sizes;
use crate::{
    matrix::{
        gemm::{View, write_product},
        transpose::transpose,
    },
    simd::{float::Real, uninit::vector},
};

/// The weights as the product reads them: of `frames` frames side by side.
pub(super) struct Reversed<F> {
    sizes: Sizes,
    frames: usize,
    /// (K - 1 + frames, O, frames, D), lags reversed, each frame's a column later than those of the one before.
    weight: Vec<F>,
}

impl<F: Real> Reversed<F> {
    pub(super) fn new(sizes: Sizes, weight: &[F]) -> Self {
        /// Numbers in a row of the result from which on it is fast.
        const WIDE: usize = 32;
        /// Lags for each frame, of which one is wasted.
        const LAGS: usize = 8;
        let (lags, outputs, depth) = (sizes.lags, sizes.outputs, sizes.depth());
        let frames = (WIDE / depth).min(lags / LAGS).max(1);
        let mut reversed = vec![F::ZERO; (lags - 1 + frames) * outputs * frames * depth];
        for (i, row) in reversed.chunks_exact_mut(depth).enumerate() {
            let (frame, o, column) = (i % frames, i / frames % outputs, i / frames / outputs);
            let Some(j) = column.checked_sub(frame).filter(|j| *j < lags) else { continue };
            for (d, to) in row.iter_mut().enumerate() {
                *to = weight[(o * depth + d) * lags + (lags - 1 - j)];
            }
        }
        Self { sizes, frames, weight: reversed }
    }

    /// gx and the gradient of the context as frames (K-1+T, D), of one stimulus.
    ///
    /// Frame s gets W[.., k] g[s-k] for all k: the window of K columns of g that ends with column s, zeros
    /// beyond both ends, times the weights with their lags reversed.
    pub(super) fn frames(&self, grad: &[F]) -> Vec<F> {
        let Sizes { time, outputs, lags, .. } = self.sizes;
        let (width, beyond) = (self.frames * self.sizes.depth(), (lags - 1) * outputs);
        let count = lags - 1 + time;
        let rows = count.div_ceil(self.frames);
        let mut columns = vec![F::ZERO; (rows * self.frames + lags - 1) * outputs];
        transpose(grad, outputs, time, &mut columns[beyond..][..time * outputs]);
        // SAFETY: the product writes all rows of `frames`.
        #[allow(unsafe_code, reason = "results are written once")]
        let mut frames = unsafe {
            vector(rows * width, |frames| {
                write_product(
                    [rows, (lags - 1 + self.frames) * outputs, width],
                    (&columns, View::rows(self.frames * outputs)),
                    (&self.weight, View::rows(width)),
                    (frames, View::rows(width)),
                );
            })
        };
        frames.truncate(count * self.sizes.depth());
        frames
    }
}
