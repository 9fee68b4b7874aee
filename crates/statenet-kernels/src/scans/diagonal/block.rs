//! What takes the time of a state-space recurrence: eight channels, a block of bins.
//!
//! The compiler makes vectors of the eight lanes where everything that a bin reads is read before anything is written,
//! and where a loop carries something along; one that does not would be cut across the lanes.

#![allow(
    clippy::needless_range_loop,
    reason = "an index into slices cut to one length is compiled with the loop; long chains of zip are not"
)]

use crate::simd::{
    float::{LANES, MulAdd, Real},
    vector::each,
};

/// Bins from one kept state to the next.
pub(super) const BLOCK: usize = 16;

/// A vector for each bin of a block.
pub(super) type Bins<F> = [[F; LANES]; BLOCK];

/// Eight channels' real and imaginary parts.
pub(super) type Pair<F> = [[F; LANES]; 2];

/// Those of each bin of a block.
pub(super) type PairBins<F> = [Pair<F>; BLOCK];

/// A s + B u.
#[inline(always)]
fn advance<F: Real, M: MulAdd>(a: &Pair<F>, s: &Pair<F>, b: &Pair<F>, u: &[F; LANES]) -> Pair<F> {
    let re = each(|l| M::mul_add(a[0][l], s[0][l], M::mul_add(-a[1][l], s[1][l], b[0][l] * u[l])));
    let im = each(|l| M::mul_add(a[0][l], s[1][l], M::mul_add(a[1][l], s[0][l], b[1][l] * u[l])));
    [re, im]
}

/// sum + Re w s.
#[inline(always)]
fn add_read<F: Real, M: MulAdd>(sum: &[F; LANES], w: &Pair<F>, s: &Pair<F>) -> [F; LANES] {
    each(|l| M::mul_add(w[0][l], s[0][l], M::mul_add(-w[1][l], s[1][l], sum[l])))
}

/// sum + Re conj(w) g.
#[inline(always)]
fn add_dot<F: Real, M: MulAdd>(sum: &[F; LANES], w: &Pair<F>, g: &Pair<F>) -> [F; LANES] {
    each(|l| M::mul_add(w[0][l], g[0][l], M::mul_add(w[1][l], g[1][l], sum[l])))
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

/// The weights of a tile, N pairs each; the last two are empty without a part of rank one.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a, F> {
    pub(super) a: &'a [Pair<F>],
    pub(super) b: &'a [Pair<F>],
    pub(super) c: &'a [Pair<F>],
    pub(super) left: &'a [Pair<F>],
    pub(super) right: &'a [Pair<F>],
}

/// A tile without a part of rank one through `bins` bins: `input_and_y` holds u, and to what stands beside it half of y
/// is added.
#[inline(always)]
pub(super) fn forward<F: Real, M: MulAdd>(
    weights: Weights<'_, F>,
    bins: usize,
    s: &mut [Pair<F>],
    input_and_y: &mut PairBins<F>,
) {
    for n in (0..s.len() / 2).map(|two| 2 * two) {
        forward_pairs::<F, M, 2>(n, weights, bins, s, input_and_y);
    }
    if s.len() % 2 == 1 {
        forward_pairs::<F, M, 1>(s.len() - 1, weights, bins, s, input_and_y);
    }
}

/// R pairs from the n-th on.
#[inline(always)]
fn forward_pairs<F: Real, M: MulAdd, const R: usize>(
    n: usize,
    Weights { a, b, c, .. }: Weights<'_, F>,
    bins: usize,
    s: &mut [Pair<F>],
    input_and_y: &mut PairBins<F>,
) {
    let (Some(a), Some(b), Some(c), Some(s)) = (
        a[n..].first_chunk::<R>(),
        b[n..].first_chunk::<R>(),
        c[n..].first_chunk::<R>(),
        s[n..].first_chunk_mut::<R>(),
    ) else {
        return;
    };
    let mut state = *s;
    for i in 0..BLOCK.min(bins) {
        let [u, mut y] = input_and_y[i];
        for r in 0..R {
            state[r] = advance::<F, M>(&a[r], &state[r], &b[r], &u);
            y = add_read::<F, M>(&y, &c[r], &state[r]);
        }
        input_and_y[i][1] = y;
    }
    *s = state;
}

/// A tile with a part of rank one through `bins` bins; `reads` gets what the right vector reads before each.
#[inline(always)]
pub(super) fn forward_low_rank<F: Real, M: MulAdd>(
    Weights { a, b, c, left, right }: Weights<'_, F>,
    bins: usize,
    s: &mut [Pair<F>],
    input_and_y: &mut PairBins<F>,
    reads: &mut Bins<F>,
) {
    let pairs = s.len();
    let (a, b, c, left, right) = (&a[..pairs], &b[..pairs], &c[..pairs], &left[..pairs], &right[..pairs]);
    for i in 0..BLOCK.min(bins) {
        let mut read = [F::ZERO; LANES];
        for n in 0..pairs {
            read = add_read::<F, M>(&read, &right[n], &s[n]);
        }
        let read = each(|l| read[l] + read[l]);
        let [u, mut y] = input_and_y[i];
        for n in 0..pairs {
            let after = add::<F, M>(&advance::<F, M>(&a[n], &s[n], &b[n], &u), &left[n], &read);
            y = add_read::<F, M>(&y, &c[n], &after);
            s[n] = after;
        }
        reads[i] = read;
        input_and_y[i][1] = y;
    }
}

/// What a tile reads and adds to in each bin on its way back.
#[derive(Clone, Copy)]
pub(super) struct Bin<F> {
    pub(super) u: [F; LANES],
    /// Twice the gradient of y.
    pub(super) twice: [F; LANES],
    /// The gradient of u.
    pub(super) of_u: [F; LANES],
    /// What the right vector read before the bin, and twice its gradient.
    pub(super) read: [F; LANES],
    pub(super) of_read: [F; LANES],
}

impl<F: Real> Bin<F> {
    pub(super) const ZEROS: Self = {
        let zeros = [F::ZERO; LANES];
        Self { u: zeros, twice: zeros, of_u: zeros, read: zeros, of_read: zeros }
    };
}

/// The gradients of the weights of a tile.
pub(super) struct Sums<'a, F> {
    pub(super) a: &'a mut [Pair<F>],
    pub(super) b: &'a mut [Pair<F>],
    pub(super) c: &'a mut [Pair<F>],
    pub(super) left: &'a mut [Pair<F>],
    pub(super) right: &'a mut [Pair<F>],
}

/// From the gradients `g` of the states after a block to those before it; on the way, G of each pair and bin. Pairs do
/// not wait for each other.
#[inline(always)]
pub(super) fn back<F: Real, M: MulAdd>(
    weights: Weights<'_, F>,
    bins: &[Bin<F>],
    g: &mut [Pair<F>],
    of_states: &mut [PairBins<F>],
) {
    for n in (0..g.len() / 2).map(|two| 2 * two) {
        back_pairs::<F, M, 2>(n, weights, bins, g, of_states);
    }
    if g.len() % 2 == 1 {
        back_pairs::<F, M, 1>(g.len() - 1, weights, bins, g, of_states);
    }
}

/// R pairs from the n-th on.
#[inline(always)]
fn back_pairs<F: Real, M: MulAdd, const R: usize>(
    n: usize,
    Weights { a, c, .. }: Weights<'_, F>,
    bins: &[Bin<F>],
    g: &mut [Pair<F>],
    of_states: &mut [PairBins<F>],
) {
    let (Some(a), Some(c), Some(g), Some(of_states)) = (
        a[n..].first_chunk::<R>(),
        c[n..].first_chunk::<R>(),
        g[n..].first_chunk_mut::<R>(),
        of_states[n..].first_chunk_mut::<R>(),
    ) else {
        return;
    };
    let zeros = [[F::ZERO; LANES]; 2];
    let mut carried = *g;
    for i in (0..BLOCK.min(bins.len())).rev() {
        let twice = bins[i].twice;
        for r in 0..R {
            let of_state = add_conjugate::<F, M>(&carried[r], &c[r], &twice);
            carried[r] = add_times_conjugate::<F, M>(&zeros, &of_state, &a[r]);
            of_states[r][i] = of_state;
        }
    }
    *g = carried;
}

/// As [`back`] with a part of rank one, for which all pairs wait in every bin.
#[inline(always)]
pub(super) fn back_low_rank<F: Real, M: MulAdd>(
    Weights { a, c, left, right, .. }: Weights<'_, F>,
    bins: &mut [Bin<F>],
    g: &mut [Pair<F>],
    of_states: &mut [PairBins<F>],
) {
    let pairs = g.len();
    let (a, c, left, right) = (&a[..pairs], &c[..pairs], &left[..pairs], &right[..pairs]);
    let of_states = &mut of_states[..pairs];
    let zeros = [[F::ZERO; LANES]; 2];
    for i in (0..BLOCK.min(bins.len())).rev() {
        let twice = bins[i].twice;
        let mut of_read = [F::ZERO; LANES];
        for n in 0..pairs {
            let of_state = add_conjugate::<F, M>(&g[n], &c[n], &twice);
            of_read = add_dot::<F, M>(&of_read, &left[n], &of_state);
            of_states[n][i] = of_state;
        }
        let of_read = each(|l| of_read[l] + of_read[l]);
        bins[i].of_read = of_read;
        for n in 0..pairs {
            let carried = add_times_conjugate::<F, M>(&zeros, &of_states[n][i], &a[n]);
            g[n] = add_conjugate::<F, M>(&carried, &right[n], &of_read);
        }
    }
}

/// The gradients of the weights and of u from G and from the states, which are computed again from those before the
/// block.
#[inline(always)]
pub(super) fn gather<F: Real, M: MulAdd, const LOW_RANK: bool>(
    Weights { a, b, left, .. }: Weights<'_, F>,
    tape: &[Pair<F>],
    of_states: &[PairBins<F>],
    bins: &mut [Bin<F>],
    sums: &mut Sums<'_, F>,
) {
    let zeros = [[F::ZERO; LANES]; 2];
    for n in 0..tape.len() {
        let (a, b, of_states) = (&a[n], &b[n], &of_states[n]);
        let mut state = tape[n];
        let (mut of_a, mut of_b, mut of_c) = (sums.a[n], sums.b[n], sums.c[n]);
        let (mut of_left, mut of_right, mut along) = (zeros, zeros, zeros);
        if LOW_RANK {
            (of_left, of_right, along) = (sums.left[n], sums.right[n], left[n]);
        }
        for i in 0..BLOCK.min(bins.len()) {
            let Bin { u, twice, of_u, read, of_read } = bins[i];
            let (before, of_state) = (state, of_states[i]);
            state = advance::<F, M>(a, &before, b, &u);
            if LOW_RANK {
                state = add::<F, M>(&state, &along, &read);
                of_left = add::<F, M>(&of_left, &of_state, &read);
                of_right = add_conjugate::<F, M>(&of_right, &before, &of_read);
            }
            of_a = add_times_conjugate::<F, M>(&of_a, &of_state, &before);
            of_b = add::<F, M>(&of_b, &of_state, &u);
            of_c = add_conjugate::<F, M>(&of_c, &state, &twice);
            bins[i].of_u = add_dot::<F, M>(&of_u, b, &of_state);
        }
        (sums.a[n], sums.b[n], sums.c[n]) = (of_a, of_b, of_c);
        if LOW_RANK {
            (sums.left[n], sums.right[n]) = (of_left, of_right);
        }
    }
}
