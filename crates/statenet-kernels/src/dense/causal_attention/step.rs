//! Attention one bin at a time: a ring of the keys and values of the last bins.

use super::arguments::OP;
use crate::{
    error::Result,
    simd::{dispatch::multiversion, float::LANES},
    step::{Step, StepSizes},
    tensor::arguments::Check,
};

/// Numbers of state before the keys: the slot that comes next, and how many hold a bin.
const HEAD: usize = 2;
/// Up to here f32 counts without gaps.
const MAX_WINDOW: usize = 1 << 24;

/// [`causal_attention`](crate::causal_attention) over a window, one bin at a time.
///
/// In: q, k and v of a bin, (3, heads, D).  Out: (heads, D).  State: the keys and values of the last `window`
/// bins, and two counts; all zeros before the first bin.
#[derive(Clone, Debug)]
pub struct CausalAttentionStep {
    heads: usize,
    depth: usize,
    scale: f32,
    window: usize,
    /// The scores of one head.
    scores: Vec<f32>,
}

impl CausalAttentionStep {
    /// For `heads` heads of D = `depth` numbers; `scale` and `window` as for the operation.
    ///
    /// # Errors
    /// [`Error::Range`](crate::Error::Range) for a size of 0, a scale that is not finite, or a window of more
    /// than 2^24 bins.
    pub fn new(heads: usize, depth: usize, scale: f64, window: usize) -> Result<Self> {
        let check = Check::new(OP);
        check.range("heads", heads as f64, heads > 0, "at least 1")?;
        check.range("depth", depth as f64, depth > 0, "at least 1")?;
        check.range("scale", scale, scale.is_finite(), "finite")?;
        check.range("window", window as f64, (1..=MAX_WINDOW).contains(&window), "1 to 2^24")?;
        Ok(Self { heads, depth, scale: scale as f32, window, scores: vec![0.0; window] })
    }
}

impl Step for CausalAttentionStep {
    fn name(&self) -> &'static str {
        OP
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: 3 * self.heads * self.depth,
            state: HEAD + 2 * self.window * self.heads * self.depth,
            outputs: self.heads * self.depth,
        }
    }

    fn multiplications(&self) -> u64 {
        // With a full window: scores, their scale and share, and the sum of values.
        (self.heads * self.window * (2 * self.depth + 2)) as u64
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        let size = self.heads * self.depth;
        let (counts, ring) = state.split_at_mut(HEAD);
        let (keys, values) = ring.split_at_mut(self.window * size);
        let slot = (counts[0] as usize).min(self.window - 1);
        let filled = (counts[1] as usize).saturating_add(1).min(self.window);
        let (q, rest) = input.split_at(size);
        let (k, v) = rest.split_at(size);
        // (heads, window, D).
        let row = self.window * self.depth;
        for (h, (k, v)) in k.chunks_exact(self.depth).zip(v.chunks_exact(self.depth)).enumerate() {
            let at = h * row + slot * self.depth;
            keys[at..][..self.depth].copy_from_slice(k);
            values[at..][..self.depth].copy_from_slice(v);
        }
        counts[0] = ((slot + 1) % self.window) as f32;
        counts[1] = filled as f32;
        let heads = q.chunks_exact(self.depth).zip(output.chunks_exact_mut(self.depth));
        for ((q, y), (k, v)) in heads.zip(keys.chunks_exact(row).zip(values.chunks_exact(row))) {
            attend::<f32>(self.scale, q, k, v, &mut self.scores[..filled], y);
        }
    }
}

multiversion! {
    /// One query against the keys of one head, in whatever order.
    fn attend<F, M>(scale: F, q: &[F], keys: &[F], values: &[F], scores: &mut [F], y: &mut [F]) {
        let depth = q.len();
        let mut most = F::of(f64::NEG_INFINITY);
        for (score, k) in scores.iter_mut().zip(keys.chunks_exact(depth)) {
            let mut lanes = [F::ZERO; LANES];
            let ((q, q_rest), (k, k_rest)) = (q.as_chunks::<LANES>(), k.as_chunks::<LANES>());
            for (q, k) in q.iter().zip(k) {
                for l in 0..LANES {
                    lanes[l] = M::mul_add(q[l], k[l], lanes[l]);
                }
            }
            let rest = q_rest.iter().zip(k_rest).fold(F::ZERO, |sum, (q, k)| M::mul_add(*q, *k, sum));
            *score = lanes.iter().fold(rest, |sum, lane| sum + *lane) * scale;
            most = score.at_least(most);
        }
        let mut total = F::ZERO;
        for score in &mut *scores {
            *score = (*score - most).exp::<M>();
            total += *score;
        }
        let share = F::ONE / total;
        y.fill(F::ZERO);
        for (weight, v) in scores.iter().zip(values.chunks_exact(depth)) {
            y.iter_mut().zip(v).for_each(|(y, v)| *y = M::mul_add(*weight * share, *v, *y));
        }
    }
}
