//! Products of a few rows with one small matrix, again and again: the heart of a recurrence.
//!
//! A step of a recurrence multiplies the states of R stimuli (R rows, 1 to 4) with the recurrent weights.
//! The weights are cut into panels of columns, so narrow that R times a panel's width of partial sums stay in
//! registers, and each panel lies in memory in the order in which it is read. One row is bound by reading the
//! weights from the second-level cache, so single rows use wide panels and callers alternate the direction in
//! which they pass through them: what was read last is read first. More rows share each read.
//!
//! Every sum runs over k in one chain in the order that the caller asks for, whatever R and the width: a row's
//! bits do not depend on the rows beside it.

use crate::simd::{
    dispatch::{has_wide_registers, multiversion},
    float::{LANES, MulAdd, Real},
};

/// The most rows that one product handles.
pub(crate) const MAX_ROWS: usize = 4;
/// The widest panel of a single row, in vectors.
const MAX_VECTORS: usize = 12;

/// A vector that starts where a load of it stays within one line of the cache.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Aligned<F>([F; LANES]);

/// A (depth, columns) matrix cut into panels of equal width; columns beyond the last are zeros.
pub(crate) struct PackedMatrix<F> {
    data: Vec<Aligned<F>>,
    depth: usize,
    vectors: usize,
    count: usize,
}

multiversion! {
    /// y\[r\] = start + x\[r\] P for 1 to 4 `rows`, or y\[r\] += x\[r\] P without `start`. The rows of x are `stride` apart,
    /// those of y follow each other.
    ///
    /// A function of its own, not a part of the loop that calls it: its code is long and serves every recurrence.
    pub(crate) fn product<F, M>(
        panels: &PackedMatrix<F>,
        rows: usize,
        x: &[F],
        stride: usize,
        start: Option<&[F]>,
        y: &mut [F],
        descending: bool,
    ) {
        let row = |r: usize| &x[r * stride..][..panels.depth];
        match rows {
            1 => panels.product::<M, 1>([row(0)], start, y, descending),
            2 => panels.product::<M, 2>([row(0), row(1)], start, y, descending),
            3 => panels.product::<M, 3>([row(0), row(1), row(2)], start, y, descending),
            _ => panels.product::<M, 4>([row(0), row(1), row(2), row(3)], start, y, descending),
        }
    }
}

/// y\[r\] = start + x\[r\] P for any number of rows that are `stride` apart, as many at once as can be, with panels cut for
/// [`MAX_ROWS`].
pub(crate) fn products<F: Real>(panels: &PackedMatrix<F>, start: &[F], x: &[F], stride: usize, y: &mut [F]) {
    for (x, y) in x.chunks(MAX_ROWS * stride).zip(y.chunks_mut(MAX_ROWS * panels.width())) {
        if x.len() == MAX_ROWS * stride {
            product(panels, MAX_ROWS, x, stride, Some(start), y, false);
        } else {
            for (x, y) in x.chunks_exact(stride).zip(y.chunks_exact_mut(panels.width())) {
                product(panels, 1, x, stride, Some(start), y, false);
            }
        }
    }
}

/// The narrowest and the widest panel, in vectors, of which the partial sums of `rows` rows stay in registers: there are 16
/// of one vector, or 32 of two.
fn widths<F: Real>(rows: usize) -> [usize; 2] {
    let wide = F::WIDE && has_wide_registers();
    match rows {
        1 => [1, MAX_VECTORS],
        2 => [4, 4],
        3 => [3, if wide { 4 } else { 3 }],
        _ => [2, if wide { 4 } else { 2 }],
    }
}

impl<F: Real> PackedMatrix<F> {
    /// Cuts a matrix, given by its elements, for products with `rows` rows.
    pub(crate) fn new(
        depth: usize,
        columns: usize,
        rows: usize,
        element: impl Fn(usize, usize) -> F,
    ) -> Self {
        let needed = columns.div_ceil(LANES);
        let [least, most] = widths::<F>(rows);
        let vectors = needed.div_ceil(needed.div_ceil(most)).max(least);
        let count = needed.div_ceil(vectors);
        let mut data = vec![Aligned([F::ZERO; LANES]); count * depth * vectors];
        let width = vectors * LANES;
        for (i, row) in data.chunks_exact_mut(vectors).enumerate() {
            let (panel, k) = (i / depth, i % depth);
            let first = panel * width;
            let values = row.iter_mut().flat_map(|vector| &mut vector.0);
            for (j, value) in values.enumerate().take(columns.saturating_sub(first)) {
                *value = element(k, first + j);
            }
        }
        Self { data, depth, vectors, count }
    }

    /// Columns with the padding: the length of each row of the result.
    pub(crate) fn width(&self) -> usize {
        self.count * self.vectors * LANES
    }

    /// y\[r\] = start + x\[r\] P for R rows, or y\[r\] += x\[r\] P without `start`; y holds the rows one after the
    /// other.
    ///
    /// With `descending`, the panels and the rows within them are passed in the other direction, k included:
    /// what the last product read last is read first.
    #[inline(always)]
    pub(crate) fn product<M: MulAdd, const R: usize>(
        &self,
        x: [&[F]; R],
        start: Option<&[F]>,
        y: &mut [F],
        descending: bool,
    ) {
        for i in 0..self.count {
            let i = if descending { self.count - 1 - i } else { i };
            match (R, self.vectors) {
                (1, 1) => self.panel::<M, R, 1>(i, x, start, y, descending),
                (1 | 4.., 2) => self.panel::<M, R, 2>(i, x, start, y, descending),
                (1 | 3.., 3) => self.panel::<M, R, 3>(i, x, start, y, descending),
                (_, 4) => self.panel::<M, R, 4>(i, x, start, y, descending),
                (1, 5) => self.panel::<M, R, 5>(i, x, start, y, descending),
                (1, 6) => self.panel::<M, R, 6>(i, x, start, y, descending),
                (1, 7) => self.panel::<M, R, 7>(i, x, start, y, descending),
                (1, 8) => self.panel::<M, R, 8>(i, x, start, y, descending),
                (1, 9) => self.panel::<M, R, 9>(i, x, start, y, descending),
                (1, 10) => self.panel::<M, R, 10>(i, x, start, y, descending),
                (1, 11) => self.panel::<M, R, 11>(i, x, start, y, descending),
                (1, _) => self.panel::<M, R, 12>(i, x, start, y, descending),
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn panel<M: MulAdd, const R: usize, const V: usize>(
        &self,
        index: usize,
        x: [&[F]; R],
        start: Option<&[F]>,
        y: &mut [F],
        descending: bool,
    ) {
        debug_assert_eq!(V, self.vectors, "the panel's width is the one it was cut to");
        let stride = self.width();
        let from = index * V * LANES;
        let weights = &self.data[index * self.depth * V..][..self.depth * V];
        let x = x.map(|row| &row[..self.depth]);
        let mut sums = [[[F::ZERO; LANES]; V]; R];
        for (r, sums) in sums.iter_mut().enumerate() {
            let row = start.map_or(&y[r * stride + from..], |start| &start[from..]);
            if let Some(row) = row.as_chunks::<LANES>().0.first_chunk::<V>() {
                *sums = *row;
            }
        }
        let rows = (0..self.depth).zip(weights.as_chunks::<V>().0);
        if descending {
            for (k, row) in rows.rev() {
                add_row::<F, M, R, V>(&mut sums, x, k, row);
            }
        } else {
            for (k, row) in rows {
                add_row::<F, M, R, V>(&mut sums, x, k, row);
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let row = &mut y[r * stride + from..];
            if let Some(row) = row.as_chunks_mut::<LANES>().0.first_chunk_mut::<V>() {
                *row = sums;
            }
        }
    }
}

/// sums += x\[..\]\[k\] P\[k\]. Not a closure: called from two places it would not be compiled with its caller.
#[inline(always)]
#[allow(clippy::needless_range_loop, reason = "by iterators the unrolled panels take minutes to compile")]
fn add_row<F: Real, M: MulAdd, const R: usize, const V: usize>(
    sums: &mut [[[F; LANES]; V]; R],
    x: [&[F]; R],
    k: usize,
    row: &[Aligned<F>; V],
) {
    let row = *row;
    for r in 0..R {
        let x = x[r][k];
        for v in 0..V {
            for l in 0..LANES {
                sums[r][v][l] = M::mul_add(x, row[v].0[l], sums[r][v][l]);
            }
        }
    }
}

/// How `batch` rows are shared out: sizes of groups of at most [`MAX_ROWS`], as equal as can be, the largest
/// first. Their number is even where it can be, and depends on the batch alone: sums over a group come out the
/// same whatever the threads.
pub(crate) fn groups(batch: usize) -> Vec<usize> {
    let count = batch.div_ceil(MAX_ROWS).next_multiple_of(2).min(batch);
    (0..count).map(|i| batch / count + usize::from(i < batch % count)).collect()
}

/// Something for each size of group that occurs among `batch` rows: weights laid out for it, mostly.
pub(crate) fn for_sizes<P>(batch: usize, make: impl Fn(usize) -> P) -> Vec<(usize, P)> {
    let mut sizes = groups(batch);
    sizes.dedup();
    sizes.into_iter().map(|rows| (rows, make(rows))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::float::{Fused, Separate};

    #[test]
    fn groups_share_all_rows() {
        assert_eq!(groups(1), [1]);
        assert_eq!(groups(2), [1, 1]);
        assert_eq!(groups(5), [3, 2]);
        assert_eq!(groups(14), [4, 4, 3, 3]);
        for batch in 1..100 {
            let groups = groups(batch);
            assert_eq!(groups.iter().sum::<usize>(), batch);
            assert!(groups.iter().all(|rows| (1..=MAX_ROWS).contains(rows)));
        }
    }

    fn check<M: MulAdd, const R: usize>(depth: usize, columns: usize) {
        let matrix = |k: usize, j: usize| ((k * 7 + j * 3) % 11) as f64 - 5.0;
        let panels = PackedMatrix::new(depth, columns, R, matrix);
        let x: Vec<f64> = (0..R * depth).map(|i| (i % 5) as f64 - 2.0).collect();
        for descending in [false, true] {
            let mut y: Vec<f64> = (0..R * panels.width()).map(|i| i as f64).collect();
            let rows = std::array::from_fn(|r| &x[r * depth..][..depth]);
            panels.product::<M, R>(rows, None, &mut y, descending);
            for r in 0..R {
                for j in 0..columns {
                    let sum: f64 = (0..depth).map(|k| x[r * depth + k] * matrix(k, j)).sum();
                    let at = r * panels.width() + j;
                    assert_eq!(y[at], sum + at as f64, "row {r} column {j}");
                }
            }
        }
    }

    #[test]
    fn every_width_and_number_of_rows_gives_the_product() {
        for columns in [1, 7, 8, 9, 24, 33, 47, 50, 56, 65, 70, 80, 88, 96, 97, 210] {
            check::<Separate, 1>(3, columns);
            check::<Fused, 2>(3, columns);
            check::<Separate, 3>(1, columns);
            check::<Fused, 4>(4, columns);
        }
    }
}
