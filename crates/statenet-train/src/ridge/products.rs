//! Products of matrices in panels of columns, one panel a thread: the same bits with any number of threads.

use faer::{Accum, Mat, MatMut, MatRef, Par, linalg::matmul::matmul};
use rayon::prelude::*;

/// Columns of a panel.
const WIDTH: usize = 64;

/// `product += lhs rhs`.
pub(super) fn add(product: &mut Mat<f64>, lhs: MatRef<'_, f64>, rhs: MatRef<'_, f64>) {
    panels(product).into_par_iter().for_each(|(first, panel)| {
        let rhs = rhs.subcols(first, panel.ncols());
        matmul(panel, Accum::Add, lhs, rhs, 1.0, Par::Seq);
    });
}

/// `product += lhs rhs` on and below the diagonal of a square, symmetric product; what is above it is left undefined.
pub(super) fn add_lower(product: &mut Mat<f64>, lhs: MatRef<'_, f64>, rhs: MatRef<'_, f64>) {
    panels(product).into_par_iter().for_each(|(first, panel)| {
        let n_rows = panel.nrows() - first;
        let (lhs, rhs) = (lhs.subrows(first, n_rows), rhs.subcols(first, panel.ncols()));
        matmul(panel.subrows_mut(first, n_rows), Accum::Add, lhs, rhs, 1.0, Par::Seq);
    });
}

/// Copies what is below the diagonal to above it.
pub(super) fn mirror(matrix: &mut Mat<f64>) {
    for column in 1..matrix.ncols() {
        for row in 0..column {
            matrix[(row, column)] = matrix[(column, row)];
        }
    }
}

fn panels(matrix: &mut Mat<f64>) -> Vec<(usize, MatMut<'_, f64>)> {
    let (mut panels, mut first, mut rest) = (Vec::new(), 0, matrix.as_mut());
    while rest.ncols() > 0 {
        let width = WIDTH.min(rest.ncols());
        let (panel, after) = rest.split_at_col_mut(width);
        panels.push((first, panel));
        (first, rest) = (first + width, after);
    }
    panels
}
