//! Weights in the layout of the loops, and their gradients back in that of the arguments.
//!
//! Gate g of unit j is number g wide + j of a padded row, where wide is H in whole vectors.

use super::cell::Cell;
use crate::{
    matrix::packed::PackedMatrix,
    simd::{float::Real, vector::padded},
};

/// A matrix into the gates, and the bias that every product starts from.
pub(crate) struct Weights<F> {
    pub(crate) panels: PackedMatrix<F>,
    pub(crate) start: Vec<F>,
}

/// For every number of a padded row, (gate, unit), its number in rows without padding; `None` in the padding.
fn unpadded<C: Cell>(hidden: usize) -> Vec<Option<usize>> {
    let units = |gate| (0..padded(hidden)).map(move |unit| (unit < hidden).then_some(gate * hidden + unit));
    (0..C::GATES).flat_map(units).collect()
}

impl<F: Real> Weights<F> {
    /// Lays out `weight` (G H, depth) and `bias` (G H) for products with `rows` rows.
    pub(crate) fn new<C: Cell>(hidden: usize, depth: usize, weight: &[F], bias: &[F], rows: usize) -> Self {
        let unpadded = unpadded::<C>(hidden);
        let panels = PackedMatrix::new(depth, unpadded.len(), rows, |k, column| {
            unpadded[column].map_or(F::ZERO, |row| weight[row * depth + k])
        });
        let bias = |column: usize| {
            let row = unpadded.get(column).copied().flatten();
            row.and_then(|row| bias.get(row)).map_or(F::ZERO, |b| *b)
        };
        let start = (0..panels.width()).map(bias).collect();
        Self { panels, start }
    }
}

/// `weight` (G H, depth) transposed, for products of padded gradients with `rows` rows.
pub(super) fn transposed<F: Real, C: Cell>(
    hidden: usize,
    depth: usize,
    weight: &[F],
    rows: usize,
) -> PackedMatrix<F> {
    let unpadded = unpadded::<C>(hidden);
    PackedMatrix::new(unpadded.len(), depth, rows, |k, column| {
        unpadded[k].map_or(F::ZERO, |row| weight[row * depth + column])
    })
}

/// Adds the rows of units to a gradient (G H, depth), from padded rows that are `stride` apart.
pub(super) fn add_unpadded<F: Real, C: Cell>(
    to: &mut [F],
    hidden: usize,
    depth: usize,
    from: &[F],
    stride: usize,
) {
    for (row, from) in unpadded::<C>(hidden).into_iter().zip(from.chunks_exact(stride)) {
        let Some(row) = row else { continue };
        to[row * depth..][..depth].iter_mut().zip(from).for_each(|(sum, g)| *sum += *g);
    }
}

/// Copies rows of `hidden` numbers into rows of `wide` numbers.
#[inline(always)]
pub(crate) fn pad<F: Real>(to: &mut [F], wide: usize, from: &[F], hidden: usize) {
    for (to, from) in to.chunks_exact_mut(wide).zip(from.chunks_exact(hidden)) {
        to[..hidden].copy_from_slice(from);
    }
}
