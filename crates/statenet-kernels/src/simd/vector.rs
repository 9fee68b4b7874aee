//! Whole vectors out of and into rows whose length is no multiple of a vector.

use crate::simd::{
    float::{LANES, Real},
    uninit::Slot,
};

/// Elements j to j + 8 of a row; zeros beyond its end.
#[inline(always)]
pub(crate) fn load<F: Real>(row: &[F], j: usize) -> [F; LANES] {
    let rest = row.get(j..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk::<LANES>() {
        *whole
    } else {
        let mut part = [F::ZERO; LANES];
        part.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        part
    }
}

/// Writes elements j to j + 8 of a row as far as it reaches.
#[inline(always)]
pub(crate) fn store<F: Real>(row: &mut [F], j: usize, values: [F; LANES]) {
    let rest = row.get_mut(j..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk_mut::<LANES>() {
        *whole = values;
    } else {
        rest.iter_mut().zip(values).for_each(|(to, from)| *to = from);
    }
}

/// A vector as what is written to fresh memory.
#[inline(always)]
pub(crate) fn slots<F: Real>(values: [F; LANES]) -> [Slot<F>; LANES] {
    let mut slots = [Slot::uninit(); LANES];
    for (slot, value) in slots.iter_mut().zip(values) {
        *slot = Slot::new(value);
    }
    slots
}

/// Writes elements j to j + 8 of a row that was not written yet, as far as it reaches.
#[inline(always)]
pub(crate) fn write<F: Real>(row: &mut [Slot<F>], j: usize, values: [F; LANES]) {
    let rest = row.get_mut(j..).unwrap_or_default();
    if let Some(whole) = rest.first_chunk_mut::<LANES>() {
        *whole = slots(values);
    } else {
        rest.iter_mut().zip(values).for_each(|(to, from)| *to = Slot::new(from));
    }
}

/// A vector computed lane by lane.
#[inline(always)]
pub(crate) fn each<F: Real>(f: impl Fn(usize) -> F) -> [F; LANES] {
    let mut values = [F::ZERO; LANES];
    for (l, value) in values.iter_mut().enumerate() {
        *value = f(l);
    }
    values
}

/// n rounded up to whole vectors.
pub(crate) const fn padded(n: usize) -> usize {
    n.next_multiple_of(LANES)
}

/// Turns a block of rows (bins, channels), at most BLOCK of them, tile by tile: memory is read once, in the order in which
/// it lies, and eight channels find their bins one after the other.
#[inline(always)]
pub(crate) fn turn<F: Real, const BLOCK: usize>(rows: &[F], channels: usize, to: &mut [[[F; LANES]; BLOCK]]) {
    for (i, row) in (0..BLOCK).zip(rows.chunks_exact(channels)) {
        for (e, to) in to.iter_mut().enumerate() {
            to[i] = load(row, e * LANES);
        }
    }
}

/// Rows of a (rows, columns) matrix eight by eight side by side: element (i, j) lies in lane i % 8 of vector
/// i / 8 columns + j. Rows beyond the last are zeros.
pub(crate) fn side_by_side<F: Real>(matrix: &[F], columns: usize) -> Vec<[F; LANES]> {
    let rows = matrix.len() / columns;
    let mut vectors = vec![[F::ZERO; LANES]; padded(rows) / LANES * columns];
    for (i, row) in matrix.chunks_exact(columns).enumerate() {
        for (vector, x) in vectors[i / LANES * columns..].iter_mut().zip(row) {
            vector[i % LANES] = *x;
        }
    }
    vectors
}

/// The matrix again, element by element in the order in which it lies in memory.
pub(crate) fn row_by_row<F: Real>(
    vectors: &[[F; LANES]],
    rows: usize,
    columns: usize,
) -> impl Iterator<Item = F> {
    (0..rows).flat_map(move |i| (0..columns).map(move |j| vectors[i / LANES * columns + j][i % LANES]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_rows_becomes_tiles() {
        let rows: Vec<f32> = (0..20).map(|i| i as f32).collect();
        let mut tiles = [[[-1.0; LANES]; 3]; 2];
        turn(&rows, 10, &mut tiles);
        assert_eq!(tiles[0][1], [10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]);
        assert_eq!(tiles[1][1], [18.0, 19.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(tiles[1][2], [-1.0; LANES]);
    }

    #[test]
    fn rows_side_by_side_and_back() {
        let matrix: Vec<f32> = (0..30).map(|i| i as f32).collect();
        let vectors = side_by_side(&matrix, 3);
        assert_eq!(vectors.len(), 6);
        assert_eq!(vectors[1], [1.0, 4.0, 7.0, 10.0, 13.0, 16.0, 19.0, 22.0]);
        assert_eq!(vectors[3], [24.0, 27.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(row_by_row(&vectors, 10, 3).collect::<Vec<_>>(), matrix);
    }
}
