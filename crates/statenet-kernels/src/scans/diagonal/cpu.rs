//! State-space recurrences on slices: eight channels side by side, their pairs of states one after the other, a
//! block of bins at a time.

use std::mem::MaybeUninit;

use candle_core::Shape;

use super::{
    Sizes,
    block::{BLOCK, Bin, Pair, Sums, Weights, back, back_low_rank, forward, forward_low_rank, gather},
};
use crate::{
    cuda::OnDevice,
    parallel,
    simd::{
        dispatch::multiversion,
        float::{LANES, Real},
        uninit::{copy, vector},
        vector::{each, padded, row_by_row, side_by_side, turn, write},
    },
    tensor::custom_op::{Backward, Kernel},
};

/// Inputs: u (B, T, H); A, B, C (H, N, 2) packed, with `LOW_RANK` also the left and the right vector of a part of
/// rank one; s0 (B, H, N, 2). Result, flat: y (B, T, H), then the last states.
/// Tape of each stimulus: (T / 16, H / 8, N, 2, 8), the states before each block, and with `LOW_RANK` (T, H / 8, 8), what
/// the right vector read before each bin.
pub(crate) struct Scan<const LOW_RANK: bool>(pub(crate) Sizes);

/// A, B, C, left and right, each (H / 8, N) pairs; the last two are empty without a part of rank one.
type AllWeights<F> = [Vec<[F; LANES]>; 5];

impl<const LOW_RANK: bool> Scan<LOW_RANK> {
    fn weights<F: Real>(&self, packed: &[F]) -> AllWeights<F> {
        let row = 2 * self.0.pairs;
        let mut parts = packed.chunks_exact(self.0.channels * row);
        std::array::from_fn(|_| parts.next().map(|part| side_by_side(part, row)).unwrap_or_default())
    }

    /// Numbers kept of one stimulus.
    fn kept(&self) -> usize {
        let Sizes { time, channels, pairs, .. } = self.0;
        padded(channels) * (time.div_ceil(BLOCK) * 2 * pairs + if LOW_RANK { time } else { 0 })
    }
}

impl<const LOW_RANK: bool> Kernel<3> for Scan<LOW_RANK> {
    const NAME: &'static str = if LOW_RANK { "dplr_scan" } else { super::OP };

    fn shape(&self) -> Shape {
        let Sizes { batch, time, channels, pairs } = self.0;
        (batch * channels * (time + 2 * pairs)).into()
    }

    fn forward<F: Real>(&self, [u, packed, s0]: [&[F]; 3], tape: Option<&mut Vec<F>>) -> Vec<F> {
        let Sizes { batch, time, channels, pairs } = self.0;
        let weights = self.weights(packed);
        let (size, state) = (time * channels, channels * 2 * pairs);
        let kept = if tape.is_some() { batch * self.kept() } else { 0 };
        let fill = |flat: &mut [MaybeUninit<F>], kept: &mut [MaybeUninit<F>]| {
            let (y, last) = flat.split_at_mut(u.len());
            let mut tapes = kept.chunks_exact_mut(self.kept());
            let given = u.chunks_exact(size).zip(s0.chunks_exact(state));
            let to = y.chunks_exact_mut(size).zip(last.chunks_exact_mut(state));
            let tasks = given.zip(to).map(|(given, to)| (given, to, tapes.next().unwrap_or_default()));
            parallel::for_each(tasks.collect(), |((u, s0), (y, last), tape)| {
                let mut s = side_by_side(s0, 2 * pairs);
                forward_stimulus::<F, LOW_RANK>(self.0, &weights, u, &mut s, y, tape);
                let s = row_by_row(&s, channels, 2 * pairs);
                last.iter_mut().zip(s).for_each(|(to, s)| *to = MaybeUninit::new(s));
            });
        };
        let mut flat = Vec::new();
        // SAFETY: every stimulus writes its last states, and `forward_stimulus` all channels of all its bins and, where
        // there is one, all of its tape.
        #[allow(unsafe_code, reason = "results are written once")]
        let kept = unsafe { vector(kept, |kept| flat = vector(u.len() + s0.len(), |flat| fill(flat, kept))) };
        if let Some(tape) = tape {
            *tape = kept;
        }
        flat
    }

    fn backward<F: Real>(&self, call: Backward<'_, F, 3>, _: [bool; 3]) -> [Vec<F>; 3] {
        let Sizes { time, channels, pairs, .. } = self.0;
        let [u, packed, s0] = call.inputs;
        let weights = self.weights(packed);
        let (size, state) = (time * channels, channels * 2 * pairs);
        let (grad, grad_last) = call.grad.split_at(u.len());
        let mut s0_grad = vec![F::ZERO; s0.len()];
        let mut of_each = Vec::new();
        let fill = |u_grad: &mut [MaybeUninit<F>]| {
            let grads = grad.chunks_exact(size).zip(grad_last.chunks_exact(state));
            let given = u.chunks_exact(size).zip(call.tape.chunks_exact(self.kept())).zip(grads);
            let to = u_grad.chunks_exact_mut(size).zip(s0_grad.chunks_exact_mut(state));
            of_each = parallel::map(given.zip(to).collect(), |(given, (u_grad, s0_grad))| {
                let ((u, tape), (grad, grad_last)) = given;
                let mut g = side_by_side(grad_last, 2 * pairs);
                let mut sums: AllWeights<F> = weights.each_ref().map(|w| vec![[F::ZERO; LANES]; w.len()]);
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
        [u_grad, packed_grad, s0_grad]
    }

    /// None with a part of rank one, which would make all pairs wait for each other in every bin.
    fn on_device(&self) -> Option<&dyn OnDevice<3>> {
        if LOW_RANK { None } else { Some(self) }
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

/// The weights of the e-th eight channels.
#[inline(always)]
fn of_tile<F>(weights: &AllWeights<F>, e: usize, pairs: usize) -> Weights<'_, F> {
    let [a, b, c, left, right] = weights.each_ref().map(|w| pairs_of(w, e, pairs));
    Weights { a, b, c, left, right }
}

multiversion! {
    /// All bins of one stimulus; `s` are the first states and become the last.
    fn forward_stimulus<F, M, const LOW_RANK: bool>(
        sizes: Sizes,
        weights: &AllWeights<F>,
        u: &[F],
        s: &mut [[F; LANES]],
        y: &mut [MaybeUninit<F>],
        tape: &mut [MaybeUninit<F>],
    ) {
        let Sizes { time, channels, pairs, .. } = sizes;
        let tiles = padded(channels) / LANES;
        let zeros = [F::ZERO; LANES];
        let mut us = vec![[zeros; BLOCK]; tiles];
        let (mut input_and_y, mut reads) = ([[zeros; 2]; BLOCK], [zeros; BLOCK]);
        let (tapes, kept_reads) = tape.split_at_mut(tape.len().min(time.div_ceil(BLOCK) * s.len() * LANES));
        let mut tapes = tapes.chunks_exact_mut(s.len() * LANES);
        for from in (0..time).step_by(BLOCK) {
            let bins = BLOCK.min(time - from);
            if let Some(tape) = tapes.next() {
                copy(tape, s.as_flattened());
            }
            let rows = from * channels..(from + bins) * channels;
            turn(&u[rows.clone()], channels, &mut us);
            let y = &mut y[rows];
            for (e, u) in us.iter().enumerate() {
                let weights = of_tile(weights, e, pairs);
                let s = pairs_of_mut(s, e, pairs);
                for i in 0..bins {
                    input_and_y[i] = [u[i], zeros];
                }
                if LOW_RANK {
                    forward_low_rank::<F, M>(weights, bins, s, &mut input_and_y, &mut reads);
                    let kept = kept_reads.chunks_exact_mut(LANES).skip(from * tiles + e).step_by(tiles);
                    kept.zip(&reads[..bins]).for_each(|(to, read)| copy(to, read));
                } else {
                    forward::<F, M>(weights, bins, s, &mut input_and_y);
                }
                for (y, [_, half]) in y.chunks_exact_mut(channels).zip(&input_and_y) {
                    write(y, e * LANES, each(|l| half[l] + half[l]));
                }
            }
        }
    }
}

multiversion! {
    /// `g` is the gradient of the last states and becomes that of the first; `sums` gathers those of the weights.
    fn backward_stimulus<F, M, const LOW_RANK: bool>(
        sizes: Sizes,
        weights: &AllWeights<F>,
        u: &[F],
        tape: &[F],
        grad: &[F],
        g: &mut [[F; LANES]],
        u_grad: &mut [MaybeUninit<F>],
        sums: &mut AllWeights<F>,
    ) {
        let Sizes { time, channels, pairs, .. } = sizes;
        let tiles = padded(channels) / LANES;
        let zeros = [F::ZERO; LANES];
        let [mut us, mut grads] = [(); 2].map(|()| vec![[zeros; BLOCK]; tiles]);
        let mut of_states = vec![[[zeros; 2]; BLOCK]; pairs];
        let mut all = [Bin::ZEROS; BLOCK];
        let (tapes, reads) = tape.split_at(time.div_ceil(BLOCK) * g.len() * LANES);
        let reads = reads.as_chunks::<LANES>().0;
        let blocks = (0..time).step_by(BLOCK).zip(tapes.chunks_exact(g.len() * LANES));
        for (from, tape) in blocks.rev() {
            let bins = BLOCK.min(time - from);
            let rows = from * channels..(from + bins) * channels;
            turn(&u[rows.clone()], channels, &mut us);
            turn(&grad[rows.clone()], channels, &mut grads);
            let u_grad = &mut u_grad[rows];
            for (e, (u, grad)) in us.iter().zip(&grads).enumerate() {
                let weights = of_tile(weights, e, pairs);
                let [a, b, c, left, right] = sums.each_mut().map(|sum| pairs_of_mut(sum, e, pairs));
                let mut sums = Sums { a, b, c, left, right };
                let g = pairs_of_mut(g, e, pairs);
                let tape = pairs_of(tape.as_chunks::<LANES>().0, e, pairs);
                for i in 0..bins {
                    let (u, grad) = (u[i], grad[i]);
                    let read = if LOW_RANK { reads[(from + i) * tiles + e] } else { zeros };
                    all[i] = Bin { u, twice: each(|l| grad[l] + grad[l]), read, ..Bin::ZEROS };
                }
                let all = &mut all[..bins];
                if LOW_RANK {
                    back_low_rank::<F, M>(weights, all, g, &mut of_states);
                } else {
                    back::<F, M>(weights, all, g, &mut of_states);
                }
                gather::<F, M, LOW_RANK>(weights, tape, &of_states, all, &mut sums);
                for (u_grad, bin) in u_grad.chunks_exact_mut(channels).zip(all) {
                    write(u_grad, e * LANES, bin.of_u);
                }
            }
        }
    }
}
