//! Causal receptive fields on slices: one product with a sliding window, without unfolding.
//!
//! With D = C F bands of all channels and frames lying one after the other (K-1 of the context, then T), the
//! window that bin t sees is the contiguous K D numbers from frame t on. As a matrix (T, K D) with rows D
//! apart, that overlap, it multiplies the weights in the order (O, K, D).

use candle_core::Shape;

use super::{OP, Sizes};
use crate::{
    fresh::vector,
    op::{Backward, Kernel},
    parallel,
    product::{View, add_product, write_product},
    real::Real,
    sums::rows,
    transpose::transpose,
};

/// Receptive fields whose weight gradient is one piece of work.
const BLOCK: usize = 64;

/// Inputs: x (B, D, T); weight (O, D, K) and perhaps bias (O) packed; perhaps context (B, D, K-1).
/// Result: (B, O, T). No tape.
pub(crate) struct CausalStrf {
    pub(crate) sizes: Sizes,
    pub(crate) has_bias: bool,
}

impl CausalStrf {
    /// D.
    fn depth(&self) -> usize {
        self.sizes.channels * self.sizes.bands
    }

    /// The frames of every stimulus, (B, K-1+T, D), those before the first included.
    fn frames<F: Real>(&self, x: &[F], context: Option<&[F]>) -> Vec<F> {
        let Sizes { batch, time, lags, .. } = self.sizes;
        let depth = self.depth();
        let before = (lags - 1) * depth;
        let mut frames = vec![F::ZERO; batch * (before + time * depth)];
        let work: Vec<_> = frames.chunks_exact_mut(before + time * depth).enumerate().collect();
        parallel::for_each(work, |(b, frames)| {
            let (first, rest) = frames.split_at_mut(before);
            if let Some(context) = context {
                transpose(&context[b * before..][..before], depth, lags - 1, first);
            }
            transpose(&x[b * depth * time..][..depth * time], depth, time, rest);
        });
        frames
    }

    /// The weights in the order (O, K, D).
    fn by_lag<F: Real>(&self, weight: &[F]) -> Vec<F> {
        let mut ordered = vec![F::ZERO; weight.len()];
        let size = self.depth() * self.sizes.lags;
        for (from, to) in weight.chunks_exact(size).zip(ordered.chunks_exact_mut(size)) {
            transpose(from, self.depth(), self.sizes.lags, to);
        }
        ordered
    }

    /// gx and the gradient of the context as frames (K-1+T, D), of one stimulus.
    ///
    /// Frame s gets W[.., k] g[s-k] for all k: the window of K columns of g that ends with column s, zeros
    /// beyond both ends, times the weights with their lags reversed, `reversed` (K, O, D).
    fn frames_gradient<F: Real>(&self, reversed: &[F], grad: &[F]) -> Vec<F> {
        let Sizes { time, outputs, lags, .. } = self.sizes;
        let (depth, beyond) = (self.depth(), (lags - 1) * outputs);
        let mut columns = vec![F::ZERO; beyond + time * outputs + beyond];
        transpose(grad, outputs, time, &mut columns[beyond..][..time * outputs]);
        let count = lags - 1 + time;
        // SAFETY: the product writes all rows of `frames`.
        #[allow(unsafe_code, reason = "results are written once")]
        let frames = unsafe {
            vector(count * depth, |frames| {
                write_product(
                    [count, lags * outputs, depth],
                    (&columns, View::rows(outputs)),
                    (reversed, View::rows(depth)),
                    (frames, View::rows(depth)),
                );
            })
        };
        frames
    }
}

impl Kernel for CausalStrf {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        (self.sizes.batch, self.sizes.outputs, self.sizes.time).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], _: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, outputs, lags, .. } = self.sizes;
        let &[x, packed, ref context @ ..] = inputs else { return Vec::new() };
        let depth = self.depth();
        let (weight, bias) = packed.split_at(outputs * depth * lags);
        let (frames, weight) = (self.frames(x, context.first().copied()), self.by_lag(weight));
        let mut y = vec![F::ZERO; batch * outputs * time];
        if self.has_bias {
            for (row, bias) in y.chunks_exact_mut(time).zip(bias.iter().cycle()) {
                row.fill(*bias);
            }
        }
        let window = View { offset: 0, row: 1, column: depth };
        let work: Vec<_> =
            y.chunks_exact_mut(outputs * time).zip(frames.chunks_exact((lags - 1 + time) * depth)).collect();
        parallel::for_each(work, |(y, frames)| {
            let weight = (&weight[..], View::rows(lags * depth));
            add_product([outputs, lags * depth, time], weight, (frames, window), (y, View::rows(time)));
        });
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, wanted: &[bool]) -> Vec<Vec<F>> {
        let Sizes { batch, time, outputs, lags, .. } = self.sizes;
        let &[x, packed, ref context @ ..] = call.inputs else { return Vec::new() };
        let wants = |i: usize| wanted.get(i) == Some(&true);
        let depth = self.depth();
        let (weight, _) = packed.split_at(outputs * depth * lags);

        let mut packed_grad = vec![F::ZERO; packed.len()];
        if wants(1) {
            let (weight_grad, bias_grad) = packed_grad.split_at_mut(weight.len());
            if self.has_bias {
                for grad in call.grad.chunks_exact(outputs * time) {
                    rows(grad, bias_grad);
                }
            }
            let frames = self.frames(x, context.first().copied());
            let size = lags * depth;
            let work: Vec<_> = weight_grad.chunks_mut(BLOCK * size).enumerate().collect();
            parallel::for_each_part(batch, work, |(block, weight_grad)| {
                let count = weight_grad.len() / size;
                let mut ordered = vec![F::ZERO; weight_grad.len()];
                for b in 0..batch {
                    let grad = View::rows(time).at((b * outputs + block * BLOCK) * time);
                    let window = View::rows(depth).at(b * (lags - 1 + time) * depth);
                    let to = (&mut ordered[..], View::rows(size));
                    add_product([count, time, size], (call.grad, grad), (&frames, window), to);
                }
                for (from, to) in ordered.chunks_exact(size).zip(weight_grad.chunks_exact_mut(size)) {
                    transpose(from, lags, depth, to);
                }
            });
        }

        let mut x_grad = vec![F::ZERO; if wants(0) { x.len() } else { 0 }];
        let mut context_grad = vec![F::ZERO; if wants(2) { batch * (lags - 1) * depth } else { 0 }];
        if wants(0) || wants(2) {
            let reversed: Vec<F> = (0..lags * outputs * depth)
                .map(|i| {
                    let (j, o, d) = (i / depth / outputs, i / depth % outputs, i % depth);
                    weight[(o * depth + d) * lags + (lags - 1 - j)]
                })
                .collect();
            let work: Vec<_> = call.grad.chunks_exact(outputs * time).collect();
            let frames = parallel::map(work, |grad| self.frames_gradient(&reversed, grad));
            let before = (lags - 1) * depth;
            for (frames, x_grad) in frames.iter().zip(x_grad.chunks_exact_mut(depth * time)) {
                transpose(&frames[before..], time, depth, x_grad);
            }
            for (frames, context_grad) in frames.iter().zip(context_grad.chunks_exact_mut(before.max(1))) {
                transpose(&frames[..before], lags - 1, depth, context_grad);
            }
        }
        let mut gradients = vec![x_grad, packed_grad];
        if !context.is_empty() {
            gradients.push(context_grad);
        }
        gradients
    }
}
