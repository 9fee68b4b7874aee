//! The responses of a receptive field, straight from rows of contiguous time: nothing is unfolded or transposed.
//!
//! A tile is so many outputs by so many bins that its sums stay in registers: 12 of the 16 that AVX2
//! has. Each number of a row is read by a load that need not be aligned, because lag k is the row shifted by k.

use std::mem::MaybeUninit;

use super::Sizes;
use crate::simd::{
    dispatch::multiversion,
    float::{LANES, MulAdd, Real},
    uninit::copy,
};

/// Outputs of a tile.
pub(super) const OUTPUTS: usize = 6;
/// Vectors of bins of a tile.
const WIDTH: usize = 2;
/// Bins of a tile.
const BINS: usize = WIDTH * LANES;

impl Sizes {
    /// D.
    pub(super) const fn depth(self) -> usize {
        self.channels * self.bands
    }

    /// Numbers from one padded row of a stimulus to the next: context, bins, zeros up to whole tiles.
    pub(super) const fn row(self) -> usize {
        self.lags - 1 + self.bins()
    }

    /// Bins of whole tiles.
    pub(super) const fn bins(self) -> usize {
        self.time.next_multiple_of(BINS)
    }
}

/// The rows of one stimulus (D, K-1+T), padded with zeros.
pub(super) fn rows<F: Real>(sizes: Sizes, x: &[F], context: Option<&[F]>) -> Vec<F> {
    let before = sizes.lags - 1;
    let mut rows = vec![F::ZERO; sizes.depth() * sizes.row()];
    for (d, (row, x)) in rows.chunks_exact_mut(sizes.row()).zip(x.chunks_exact(sizes.time)).enumerate() {
        if let Some(context) = context {
            row[..before].copy_from_slice(&context[d * before..][..before]);
        }
        row[before..][..sizes.time].copy_from_slice(x);
    }
    rows
}

/// Weights (O, D, K) as tiles read them, (O / 6, D K, 6), and the bias padded alike; outputs beyond the last are zeros.
pub(super) struct Packed<F> {
    weight: Vec<F>,
    bias: Vec<F>,
}

impl<F: Real> Packed<F> {
    pub(super) fn new(sizes: Sizes, weight: &[F], bias: &[F]) -> Self {
        let size = sizes.depth() * sizes.lags;
        let wide = sizes.outputs.next_multiple_of(OUTPUTS);
        let mut packed = Self { weight: vec![F::ZERO; wide * size], bias: vec![F::ZERO; wide] };
        packed.bias[..bias.len()].copy_from_slice(bias);
        for (o, weight) in weight.chunks_exact(size).enumerate() {
            let block = &mut packed.weight[o / OUTPUTS * OUTPUTS * size..][..OUTPUTS * size];
            for (to, from) in block.iter_mut().skip(o % OUTPUTS).step_by(OUTPUTS).zip(weight) {
                *to = *from;
            }
        }
        packed
    }
}

/// One stimulus: writes y (O, T).
pub(super) fn responses<F: Real>(sizes: Sizes, packed: &Packed<F>, rows: &[F], y: &mut [MaybeUninit<F>]) {
    let mut of_block = vec![F::ZERO; OUTPUTS * sizes.bins()];
    for (i, y) in y.chunks_mut(OUTPUTS * sizes.time).enumerate() {
        block(sizes, packed, i, rows, &mut of_block);
        for (y, row) in y.chunks_exact_mut(sizes.time).zip(of_block.chunks_exact(sizes.bins())) {
            copy(y, &row[..sizes.time]);
        }
    }
}

multiversion! {
    /// Six outputs of one stimulus, from output 6 i on: writes y (6, bins of whole tiles). Every bin is one sum in the order
    /// of bands and lags, whatever T.
    pub(super) fn block<F, M>(sizes: Sizes, packed: &Packed<F>, i: usize, rows: &[F], y: &mut [F]) {
        let lags = sizes.lags;
        let size = sizes.depth() * lags * OUTPUTS;
        let weights = &packed.weight[i * size..][..size];
        let bias = packed.bias.as_chunks::<OUTPUTS>().0[i];
        for t in (0..sizes.time).step_by(BINS) {
            let mut sums = bias.map(|bias| [[bias; LANES]; WIDTH]);
            for (row, weights) in rows.chunks_exact(sizes.row()).zip(weights.chunks_exact(lags * OUTPUTS)) {
                let windows = row[t..t + lags - 1 + BINS].windows(BINS);
                for (x, w) in windows.zip(weights.as_chunks::<OUTPUTS>().0) {
                    if let Some(x) = x.as_chunks::<LANES>().0.first_chunk::<WIDTH>() {
                        add_tile::<F, M>(&mut sums, x, w);
                    }
                }
            }
            for (y, sums) in y.chunks_exact_mut(sizes.bins()).zip(&sums) {
                y[t..t + BINS].copy_from_slice(sums.as_flattened());
            }
        }
    }
}

/// sums += w x.
#[inline(always)]
fn add_tile<F: Real, M: MulAdd>(
    sums: &mut [[[F; LANES]; WIDTH]; OUTPUTS],
    x: &[[F; LANES]; WIDTH],
    w: &[F; OUTPUTS],
) {
    for o in 0..OUTPUTS {
        for v in 0..WIDTH {
            for l in 0..LANES {
                sums[o][v][l] = M::mul_add(w[o], x[v][l], sums[o][v][l]);
            }
        }
    }
}
