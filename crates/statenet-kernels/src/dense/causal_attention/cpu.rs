//! Attention on slices: blocks of queries, each with matrix products over the keys that it sees.

use std::ops::Range;

use candle_core::Shape;

use super::arguments::{OP, Sizes};
use crate::{
    matrix::gemm::{View, add_product},
    parallel,
    simd::{
        dispatch::multiversion,
        float::{LANES, Real},
        reduce::dot,
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Queries of a block: their scores against 1,000 keys are 128 kB.
const BLOCK: usize = 32;

/// Inputs: q (B, heads, T, D), k and v (B, heads, S, D). Result: (B, heads, T, D).
/// Tape: (B, heads, T), the logarithms of the sums that the softmax divides by.
pub(crate) struct CausalAttention {
    pub(crate) sizes: Sizes,
    pub(crate) scale: f64,
}

/// A block of queries and what they see.
#[derive(Clone, Copy)]
struct Block {
    sizes: Sizes,
    /// The first query, and how many.
    first: usize,
    queries: usize,
    /// The first key that any of them sees, and how many.
    from: usize,
    keys: usize,
}

impl Sizes {
    fn keys(self) -> usize {
        self.earlier + self.time
    }

    fn blocks(self) -> impl DoubleEndedIterator<Item = Block> {
        (0..self.time).step_by(BLOCK).map(move |first| {
            let queries = BLOCK.min(self.time - first);
            let from = (self.earlier + first + 1).saturating_sub(self.window);
            let keys = self.earlier + first + queries - from;
            Block { sizes: self, first, queries, from, keys }
        })
    }
}

impl Block {
    /// The keys that query `row` of the block sees, counted from the first of the block.
    #[inline(always)]
    fn seen(self, row: usize) -> Range<usize> {
        let end = self.sizes.earlier + self.first + row + 1;
        end.saturating_sub(self.sizes.window).max(self.from) - self.from..end - self.from
    }

    /// The queries of (T, D).
    fn rows(self) -> View {
        View::rows(self.sizes.depth).at(self.first * self.sizes.depth)
    }

    /// The keys of (S, D).
    fn columns(self) -> View {
        View::rows(self.sizes.depth).at(self.from * self.sizes.depth)
    }

    /// a bᵀ of the queries' rows of a and the keys' rows of b.
    fn pairs<F: Real>(self, a: &[F], b: &[F], scores: &mut Vec<F>) {
        let Self { queries, keys, .. } = self;
        scores.clear();
        scores.resize(queries * keys, F::ZERO);
        let (a, b) = ((a, self.rows()), (b, self.columns().t()));
        add_product([queries, self.sizes.depth, keys], a, b, (scores, View::rows(keys)));
    }

    /// Adds (pairs) b of the keys' rows of b to the queries' rows of `to`.
    fn to_queries<F: Real>(self, pairs: &[F], b: &[F], to: &mut [F]) {
        let Self { queries, keys, .. } = self;
        let (pairs, b) = ((pairs, View::rows(keys)), (b, self.columns()));
        add_product([queries, keys, self.sizes.depth], pairs, b, (to, self.rows()));
    }

    /// Adds (pairs)ᵀ a of the queries' rows of a to the keys' rows of `to`.
    fn to_keys<F: Real>(self, pairs: &[F], a: &[F], to: &mut [F]) {
        let Self { queries, keys, .. } = self;
        let (pairs, a) = ((pairs, View::rows(keys).t()), (a, self.rows()));
        add_product([keys, queries, self.sizes.depth], pairs, a, (to, self.columns()));
    }
}

impl Kernel<3> for CausalAttention {
    const NAME: &'static str = OP;

    fn shape(&self) -> Shape {
        let Sizes { batch, heads, time, depth, .. } = self.sizes;
        (batch, heads, time, depth).into()
    }

    fn forward<F: Real>(&self, [q, k, v]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, heads, time, depth, .. } = self.sizes;
        let (size, size_of_keys) = (time * depth, self.sizes.keys() * depth);
        let scale = F::of(self.scale);
        let mut y = vec![F::ZERO; batch * heads * size];
        let mut logs = vec![F::ZERO; batch * heads * time];
        let work = q
            .chunks_exact(size)
            .zip(k.chunks_exact(size_of_keys))
            .zip(v.chunks_exact(size_of_keys))
            .zip(y.chunks_exact_mut(size))
            .zip(logs.chunks_exact_mut(time));
        parallel::for_each(work.collect(), |((((q, k), v), y), logs)| {
            attend(self.sizes, scale, [q, k, v], y, logs);
        });
        if let Some(tape) = tape {
            *tape = logs;
        }
        y
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { time, depth, .. } = self.sizes;
        let [q, k, v] = call.inputs;
        let (size, size_of_keys) = (time * depth, self.sizes.keys() * depth);
        let scale = F::of(self.scale);
        let [mut q_grad, mut k_grad, mut v_grad] = [q, k, v].map(|x| vec![F::ZERO; x.len()]);
        let inputs = q.chunks_exact(size).zip(k.chunks_exact(size_of_keys)).zip(v.chunks_exact(size_of_keys));
        let outputs = call
            .output
            .chunks_exact(size)
            .zip(call.grad.chunks_exact(size))
            .zip(call.tape.chunks_exact(time));
        let grads = q_grad
            .chunks_exact_mut(size)
            .zip(k_grad.chunks_exact_mut(size_of_keys))
            .zip(v_grad.chunks_exact_mut(size_of_keys));
        let work = inputs.zip(outputs).zip(grads).collect();
        parallel::for_each(work, |((((q, k), v), ((y, grad), logs)), ((q_grad, k_grad), v_grad))| {
            attend_back(self.sizes, scale, [q, k, v], y, grad, logs, [q_grad, k_grad, v_grad]);
        });
        [q_grad, k_grad, v_grad]
    }
}

/// Adds to `y` what one head of one stimulus attends to, and writes the logarithms of the sums that it divides by.
pub(crate) fn attend<F: Real>(sizes: Sizes, scale: F, [q, k, v]: [&[F]; 3], y: &mut [F], logs: &mut [F]) {
    let mut scores = Vec::new();
    for block in sizes.blocks() {
        block.pairs(q, k, &mut scores);
        softmax(block, scale, &mut scores, &mut logs[block.first..][..block.queries]);
        block.to_queries(&scores, v, y);
    }
}

/// Adds the gradients of one head of one stimulus to those of q, k and v, from what [`attend`] gave and its gradient.
pub(crate) fn attend_back<F: Real>(
    sizes: Sizes,
    scale: F,
    [q, k, v]: [&[F]; 3],
    y: &[F],
    grad: &[F],
    logs: &[F],
    [q_grad, k_grad, v_grad]: [&mut [F]; 3],
) {
    let (mut weights, mut grads) = (Vec::new(), Vec::new());
    for block in sizes.blocks() {
        block.pairs(q, k, &mut weights);
        block.pairs(grad, v, &mut grads);
        let rows = block.first * sizes.depth..(block.first + block.queries) * sizes.depth;
        let logs = &logs[block.first..][..block.queries];
        unsoftmax(block, scale, &mut weights, &mut grads, logs, &y[rows.clone()], &grad[rows]);
        block.to_keys(&weights, grad, v_grad);
        block.to_keys(&grads, q, k_grad);
        block.to_queries(&grads, k, q_grad);
    }
}

/// The largest number of a row.
#[inline(always)]
fn largest<F: Real>(row: &[F]) -> F {
    let mut lanes = [row[0]; LANES];
    let (whole, rest) = row.as_chunks::<LANES>();
    for chunk in whole {
        lanes.iter_mut().zip(chunk).for_each(|(most, x)| *most = x.at_least(*most));
    }
    rest.iter().chain(&lanes).fold(row[0], |most, x| x.at_least(most))
}

/// Everything but the keys that a query sees becomes 0.
#[inline(always)]
fn hide<F: Real>(row: &mut [F], seen: &Range<usize>) {
    row[..seen.start].fill(F::ZERO);
    row[seen.end..].fill(F::ZERO);
}

multiversion! {
    /// Scores become weights; `logs` the logarithms of their sums.
    fn softmax<F, M>(block: Block, scale: F, scores: &mut [F], logs: &mut [F]) {
        for (i, (row, log)) in scores.chunks_exact_mut(block.keys).zip(logs).enumerate() {
            let range = block.seen(i);
            hide(row, &range);
            let seen = &mut row[range];
            seen.iter_mut().for_each(|s| *s *= scale);
            let most = largest(seen);
            seen.iter_mut().for_each(|s| *s = (*s - most).exp::<M>());
            let total = crate::simd::reduce::sum(seen);
            let share = F::ONE / total;
            seen.iter_mut().for_each(|s| *s *= share);
            *log = most + total.ln::<M>();
        }
    }
}

multiversion! {
    /// Scores become weights again, and the gradients of the weights those of the scores before their scale.
    fn unsoftmax<F, M>(
        block: Block,
        scale: F,
        weights: &mut [F],
        grads: &mut [F],
        logs: &[F],
        y: &[F],
        y_grad: &[F],
    ) {
        let depth = block.sizes.depth;
        let outputs = y.chunks_exact(depth).zip(y_grad.chunks_exact(depth));
        let pairs = weights.chunks_exact_mut(block.keys).zip(grads.chunks_exact_mut(block.keys));
        for (i, (((p, g), log), (y, y_grad))) in pairs.zip(logs).zip(outputs).enumerate() {
            let range = block.seen(i);
            hide(p, &range);
            hide(g, &range);
            let mean = dot::<F, M>(y, y_grad);
            for (p, g) in p[range.clone()].iter_mut().zip(&mut g[range]) {
                *p = M::mul_add(*p, scale, -*log).exp::<M>();
                *g = *p * (*g - mean) * scale;
            }
        }
    }
}
