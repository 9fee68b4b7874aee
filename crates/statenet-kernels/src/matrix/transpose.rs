//! Transposition of a matrix between slices.

use crate::simd::float::Real;

/// Elements on a side of the squares in which memory is walked: a cache line's worth of f32.
const SIDE: usize = 16;

/// `to` (columns, rows) becomes the transpose of `from` (rows, columns).
pub(crate) fn transpose<F: Real>(from: &[F], rows: usize, columns: usize, to: &mut [F]) {
    debug_assert!(from.len() == rows * columns && to.len() == from.len(), "both hold the matrix");
    for top in (0..rows).step_by(SIDE) {
        let bottom = rows.min(top + SIDE);
        for left in (0..columns).step_by(SIDE) {
            for column in left..columns.min(left + SIDE) {
                let to = &mut to[column * rows + top..column * rows + bottom];
                for (row, to) in (top..bottom).zip(to) {
                    *to = from[row * columns + column];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        for (rows, columns) in [(1, 1), (2, 3), (16, 17), (40, 5), (33, 32)] {
            let from: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
            let mut to = vec![0.0; from.len()];
            transpose(&from, rows, columns, &mut to);
            for row in 0..rows {
                for column in 0..columns {
                    assert_eq!(to[column * rows + row], from[row * columns + column]);
                }
            }
        }
    }
}
