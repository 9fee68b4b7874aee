//! State-space recurrences on slices: eight channels side by side, their pairs of states one after the other, a
//! block of bins at a time.

use candle_core::Shape;

use super::Sizes;
use crate::{
    fresh::{Slot, vector},
    isa::{MulAdd, multiversion},
    lanes::{each, load, padded, row_by_row, side_by_side, write},
    op::{Backward, Kernel},
    parallel,
    real::{LANES, Real},
};

/// Inputs: u (B, T, H); A, B, C (H, N, 2) packed, with `LOW_RANK` also the left and the right vector of a part of
/// rank one; s0 (B, H, N, 2). Result, flat: y (B, T, H), then the last states.
/// Tape: (B, T / 16, H / 8, N, 2, 8), the states before each block.
pub(crate) struct Scan<const LOW_RANK: bool>(pub(crate) Sizes);

/// Bins from one kept state to the next.
const BLOCK: usize = 16;

/// Eight channels' real and imaginary parts.
type Pair<F> = [[F; LANES]; 2];

/// A, B, C, left and right, each (H / 8, N) pairs; the last two are empty without a part of rank one.
type Weights<F> = [Vec<[F; LANES]>; 5];

impl<const LOW_RANK: bool> Scan<LOW_RANK> {
    fn weights<F: Real>(&self, packed: &[F]) -> Weights<F> {
        let row = 2 * self.0.pairs;
        let mut parts = packed.chunks_exact(self.0.channels * row);
        std::array::from_fn(|_| parts.next().map(|part| side_by_side(part, row)).unwrap_or_default())
    }

    /// Numbers kept of one stimulus.
    fn kept(&self) -> usize {
        self.0.time.div_ceil(BLOCK) * padded(self.0.channels) * 2 * self.0.pairs
    }
}

impl<const LOW_RANK: bool> Kernel for Scan<LOW_RANK> {
    const NAME: &'static str = if LOW_RANK { "dplr_scan" } else { super::OP };

    fn shape(&self) -> Shape {
        let Sizes { batch, time, channels, pairs } = self.0;
        (batch * channels * (time + 2 * pairs)).into()
    }

    fn forward<F: Real>(&self, inputs: &[&[F]], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, channels, pairs } = self.0;
        let &[u, packed, s0] = inputs else { return Vec::new() };
        let weights = self.weights(packed);
        let (size, state) = (time * channels, channels * 2 * pairs);
        let mut kept = vec![F::ZERO; if tape.is_some() { batch * self.kept() } else { 0 }];
        let fill = |flat: &mut [Slot<F>]| {
            let (y, last) = flat.split_at_mut(u.len());
            let mut tapes = kept.chunks_exact_mut(self.kept());
            let given = u.chunks_exact(size).zip(s0.chunks_exact(state));
            let to = y.chunks_exact_mut(size).zip(last.chunks_exact_mut(state));
            let tasks = given.zip(to).map(|(given, to)| (given, to, tapes.next().unwrap_or_default()));
            parallel::for_each(tasks.collect(), |((u, s0), (y, last), tape)| {
                let mut s = side_by_side(s0, 2 * pairs);
                forward_stimulus::<F, LOW_RANK>(self.0, &weights, u, &mut s, y, tape);
                let s = row_by_row(&s, channels, 2 * pairs);
                last.iter_mut().zip(s).for_each(|(to, s)| *to = Slot::new(s));
            });
        };
        // SAFETY: every stimulus writes its last states, and `forward_stimulus` all channels of all its bins.
        #[allow(unsafe_code, reason = "results are written once")]
        let flat = unsafe { vector(u.len() + s0.len(), fill) };
        if let Some(tape) = tape {
            *tape = kept;
        }
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F>, _: &[bool]) -> Vec<Vec<F>> {
        let Sizes { time, channels, pairs, .. } = self.0;
        let &[u, packed, s0] = call.inputs else { return Vec::new() };
        let weights = self.weights(packed);
        let (size, state) = (time * channels, channels * 2 * pairs);
        let (grad, grad_last) = call.grad.split_at(u.len());
        let mut s0_grad = vec![F::ZERO; s0.len()];
        let mut of_each = Vec::new();
        let fill = |u_grad: &mut [Slot<F>]| {
            let grads = grad.chunks_exact(size).zip(grad_last.chunks_exact(state));
            let given = u.chunks_exact(size).zip(call.tape.chunks_exact(self.kept())).zip(grads);
            let to = u_grad.chunks_exact_mut(size).zip(s0_grad.chunks_exact_mut(state));
            of_each = parallel::map(given.zip(to).collect(), |(given, (u_grad, s0_grad))| {
                let ((u, tape), (grad, grad_last)) = given;
                let mut g = side_by_side(grad_last, 2 * pairs);
                let mut sums: Weights<F> = weights.each_ref().map(|w| vec![[F::ZERO; LANES]; w.len()]);
                backward_stimulus::<F, LOW_RANK>(self.0, &weights, u, tape, grad, &mut g, u_grad, &mut sums);
                let g = row_by_row(&g, channels, 2 * pairs);
                s0_grad.iter_mut().zip(g).for_each(|(to, g)| *to = g);
                sums
            });
        };
        // SAFETY: `backward_stimulus` writes all channels of all bins of its stimulus.
        #[allow(unsafe_code, reason = "results are written once")]
        let u_grad = unsafe { vector(u.len(), fill) };
        let mut packed_grad = vec![F::ZERO; packed.len()];
        for sums in of_each {
            for (to, of_weight) in packed_grad.chunks_exact_mut(state).zip(&sums) {
                let of_weight = row_by_row(of_weight, channels, 2 * pairs);
                to.iter_mut().zip(of_weight).for_each(|(sum, g)| *sum += g);
            }
        }
        vec![u_grad, packed_grad, s0_grad]
    }
}

/// The pairs of the e-th eight channels.
#[inline(always)]
fn pairs_of<F>(vectors: &[[F; LANES]], e: usize, pairs: usize) -> &[Pair<F>] {
    vectors.as_chunks::<2>().0.get(e * pairs..(e + 1) * pairs).unwrap_or_default()
}

/// The pairs of the e-th eight channels.
#[inline(always)]
fn pairs_of_mut<F>(vectors: &mut [[F; LANES]], e: usize, pairs: usize) -> &mut [Pair<F>] {
    vectors.as_chunks_mut::<2>().0.get_mut(e * pairs..(e + 1) * pairs).unwrap_or_default()
}

/// 2 Re sum_n w s.
#[inline(always)]
fn read<F: Real, M: MulAdd>(weights: &[Pair<F>], s: &[Pair<F>]) -> [F; LANES] {
    let mut sums = [[F::ZERO; LANES]; 2];
    for (w, s) in weights.iter().zip(s) {
        for part in 0..2 {
            sums[part] = each(|l| M::mul_add(w[part][l], s[part][l], sums[part][l]));
        }
    }
    each(|l| F::of(2.0) * (sums[0][l] - sums[1][l]))
}

/// A s + B u.
#[inline(always)]
fn advance<F: Real, M: MulAdd>(a: &Pair<F>, s: &Pair<F>, b: &Pair<F>, u: &[F; LANES]) -> Pair<F> {
    let re = each(|l| M::mul_add(a[0][l], s[0][l], M::mul_add(-a[1][l], s[1][l], b[0][l] * u[l])));
    let im = each(|l| M::mul_add(a[0][l], s[1][l], M::mul_add(a[1][l], s[0][l], b[1][l] * u[l])));
    [re, im]
}

/// s + w x with a real x.
#[inline(always)]
fn add<F: Real, M: MulAdd>(s: &Pair<F>, w: &Pair<F>, x: &[F; LANES]) -> Pair<F> {
    [each(|l| M::mul_add(w[0][l], x[l], s[0][l])), each(|l| M::mul_add(w[1][l], x[l], s[1][l]))]
}

/// s + conj(w) x with a real x.
#[inline(always)]
fn add_conjugate<F: Real, M: MulAdd>(s: &Pair<F>, w: &Pair<F>, x: &[F; LANES]) -> Pair<F> {
    [each(|l| M::mul_add(w[0][l], x[l], s[0][l])), each(|l| M::mul_add(-w[1][l], x[l], s[1][l]))]
}

/// sum + g conj(s).
#[inline(always)]
fn add_times_conjugate<F: Real, M: MulAdd>(sum: &Pair<F>, g: &Pair<F>, s: &Pair<F>) -> Pair<F> {
    let re = each(|l| M::mul_add(g[0][l], s[0][l], M::mul_add(g[1][l], s[1][l], sum[0][l])));
    let im = each(|l| M::mul_add(g[1][l], s[0][l], M::mul_add(-g[0][l], s[1][l], sum[1][l])));
    [re, im]
}

/// dots + Re conj(w) g, part by part.
#[inline(always)]
fn add_dot<F: Real, M: MulAdd>(dots: &Pair<F>, w: &Pair<F>, g: &Pair<F>) -> Pair<F> {
    [each(|l| M::mul_add(w[0][l], g[0][l], dots[0][l])), each(|l| M::mul_add(w[1][l], g[1][l], dots[1][l]))]
}

multiversion! {
    /// All bins of one stimulus; `s` are the first states and become the last.
    fn forward_stimulus<F, M, const LOW_RANK: bool>(
        sizes: Sizes,
        weights: &Weights<F>,
        u: &[F],
        s: &mut [[F; LANES]],
        y: &mut [Slot<F>],
        tape: &mut [F],
    ) {
        let Sizes { time, channels, pairs, .. } = sizes;
        let mut tapes = tape.chunks_exact_mut(s.len() * LANES);
        for from in (0..time).step_by(BLOCK) {
            if let Some(tape) = tapes.next() {
                tape.copy_from_slice(s.as_flattened());
            }
            for e in 0..padded(channels) / LANES {
                let [a, b, c, left, right] = weights.each_ref().map(|w| pairs_of(w, e, pairs));
                let s = pairs_of_mut(s, e, pairs);
                for t in from..time.min(from + BLOCK) {
                    let u = load(&u[t * channels..][..channels], e * LANES);
                    if LOW_RANK {
                        let r = read::<F, M>(right, s);
                        for (((s, a), b), left) in s.iter_mut().zip(a).zip(b).zip(left) {
                            *s = add::<F, M>(&advance::<F, M>(a, s, b, &u), left, &r);
                        }
                    } else {
                        for ((s, a), b) in s.iter_mut().zip(a).zip(b) {
                            *s = advance::<F, M>(a, s, b, &u);
                        }
                    }
                    write(&mut y[t * channels..][..channels], e * LANES, read::<F, M>(c, s));
                }
            }
        }
    }
}

multiversion! {
    /// `g` is the gradient of the last states and becomes that of the first; `sums` gathers those of the weights.
    fn backward_stimulus<F, M, const LOW_RANK: bool>(
        sizes: Sizes,
        weights: &Weights<F>,
        u: &[F],
        tape: &[F],
        grad: &[F],
        g: &mut [[F; LANES]],
        u_grad: &mut [Slot<F>],
        sums: &mut Weights<F>,
    ) {
        let Sizes { time, channels, pairs, .. } = sizes;
        let zeros = [F::ZERO; LANES];
        // The states before each bin of a block, and after the last; what the right vector reads before each.
        let mut states = vec![[zeros; 2]; (BLOCK + 1) * pairs];
        let mut reads = [zeros; BLOCK];
        let blocks = (0..time).step_by(BLOCK).zip(tape.chunks_exact(g.len() * LANES));
        for (from, tape) in blocks.rev() {
            let bins = time.min(from + BLOCK) - from;
            for e in 0..padded(channels) / LANES {
                let [a, b, c, left, right] = weights.each_ref().map(|w| pairs_of(w, e, pairs));
                let [a_grad, b_grad, c_grad, left_grad, right_grad] =
                    sums.each_mut().map(|sum| pairs_of_mut(sum, e, pairs));
                let g = pairs_of_mut(g, e, pairs);
                states[..pairs].copy_from_slice(pairs_of(tape.as_chunks::<LANES>().0, e, pairs));
                for i in 0..bins {
                    let u = load(&u[(from + i) * channels..][..channels], e * LANES);
                    let (before, after) = states[i * pairs..][..2 * pairs].split_at_mut(pairs);
                    if LOW_RANK {
                        reads[i] = read::<F, M>(right, before);
                    }
                    for (((after, before), a), b) in after.iter_mut().zip(&*before).zip(a).zip(b) {
                        *after = advance::<F, M>(a, before, b, &u);
                    }
                    for (after, left) in after.iter_mut().zip(left) {
                        *after = add::<F, M>(after, left, &reads[i]);
                    }
                }
                for i in (0..bins).rev() {
                    let row = (from + i) * channels..(from + i + 1) * channels;
                    let u = load(&u[row.clone()], e * LANES);
                    let grad = load(&grad[row.clone()], e * LANES);
                    let twice = each(|l| grad[l] + grad[l]);
                    let (before, after) = states[i * pairs..][..2 * pairs].split_at(pairs);
                    let mut to_u = [zeros; 2];
                    for ((((g, after), b), c), (b_grad, c_grad)) in
                        g.iter_mut().zip(after).zip(b).zip(c).zip(b_grad.iter_mut().zip(c_grad.iter_mut()))
                    {
                        *g = add_conjugate::<F, M>(g, c, &twice);
                        *c_grad = add_conjugate::<F, M>(c_grad, after, &twice);
                        *b_grad = add::<F, M>(b_grad, g, &u);
                        to_u = add_dot::<F, M>(&to_u, b, g);
                    }
                    write(&mut u_grad[row], e * LANES, each(|l| to_u[0][l] + to_u[1][l]));
                    // The gradient of what the right vector read.
                    let mut to_read = [zeros; 2];
                    for ((g, left), left_grad) in g.iter().zip(left).zip(left_grad.iter_mut()) {
                        *left_grad = add::<F, M>(left_grad, g, &reads[i]);
                        to_read = add_dot::<F, M>(&to_read, left, g);
                    }
                    for (((g, before), a), a_grad) in g.iter_mut().zip(before).zip(a).zip(a_grad.iter_mut()) {
                        *a_grad = add_times_conjugate::<F, M>(a_grad, g, before);
                        *g = add_times_conjugate::<F, M>(&[zeros; 2], g, a);
                    }
                    let to_read = each(|l| F::of(2.0) * (to_read[0][l] + to_read[1][l]));
                    for (((g, before), right), right_grad) in
                        g.iter_mut().zip(before).zip(right).zip(right_grad.iter_mut())
                    {
                        *right_grad = add_conjugate::<F, M>(right_grad, before, &to_read);
                        *g = add_conjugate::<F, M>(g, right, &to_read);
                    }
                }
            }
        }
    }
}
