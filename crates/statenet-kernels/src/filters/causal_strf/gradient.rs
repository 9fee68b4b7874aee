//! The gradient of the weights: sums of outer products of frames and gradients, bin by bin.
//!
//! With time outermost, the K frames that a bin meets are contiguous, and those of the next bin overlap them: a window
//! that slides. Nothing is unfolded.

use super::Sizes;
use crate::{
    matrix::{outer_product::add_outer, transpose::transpose},
    simd::{
        float::{LANES, Real},
        vector::padded,
    },
};

/// Bins whose frames and gradients stay in the cache while the whole gradient of the weights is updated.
const BLOCK: usize = 128;

impl Sizes {
    /// Numbers of the K frames that a bin meets, K D in whole vectors.
    const fn window(self) -> usize {
        padded(self.lags * self.depth())
    }
}

/// gW of some stimuli, as it is summed.
pub(super) struct WeightSums<F> {
    sizes: Sizes,
    /// (O, K D), both in whole vectors.
    sums: Vec<F>,
    /// A stimulus as frames (K-1 + bins of whole tiles, D), and the end of the last window in whole vectors.
    frames: Vec<F>,
    /// Its gradient, (T, O in whole vectors).
    grad: Vec<F>,
}

impl<F: Real> WeightSums<F> {
    pub(super) fn new(sizes: Sizes) -> Self {
        let (outputs, depth) = (padded(sizes.outputs), sizes.depth());
        Self {
            sizes,
            sums: vec![F::ZERO; outputs * sizes.window()],
            frames: vec![F::ZERO; sizes.row() * depth + LANES],
            grad: vec![F::ZERO; sizes.time * outputs],
        }
    }

    /// Adds one stimulus: its padded rows, and the gradient of its responses (O in whole vectors, T).
    pub(super) fn add(&mut self, rows: &[F], grad: &[F]) {
        let Sizes { time, outputs, .. } = self.sizes;
        let (outputs, depth, width) = (padded(outputs), self.sizes.depth(), self.sizes.window());
        transpose(rows, depth, self.sizes.row(), &mut self.frames[..rows.len()]);
        transpose(grad, outputs, time, &mut self.grad);
        for from in (0..time).step_by(BLOCK) {
            let bins = BLOCK.min(time - from);
            let grad = &self.grad[from * outputs..][..bins * outputs];
            add_outer(grad, outputs, &self.frames[from * depth..], depth, width, &mut self.sums);
        }
    }

    /// The sum for a weight: of output o, band d and column k.
    pub(super) fn at(&self, o: usize, d: usize, k: usize) -> F {
        self.sums[o * self.sizes.window() + k * self.sizes.depth() + d]
    }
}
