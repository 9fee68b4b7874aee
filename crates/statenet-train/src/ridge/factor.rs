//! Solutions of `(A + penalty) W = C` for a symmetric A without negative eigenvalues.
//!
//! One Cholesky factor serves all windows: that of a shorter window is the upper left part of a longer one's.

use faer::{
    Mat, MatRef, Par, Side,
    dyn_stack::{MemBuffer, MemStack},
    linalg::{
        cholesky::llt::factor::{cholesky_in_place, cholesky_in_place_scratch},
        triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place},
    },
};

use crate::error::{Error, Result};

/// A factor of `A + penalty`.
pub(super) enum Factor {
    /// L of `L L'`, on and below the diagonal.
    Cholesky(Mat<f64>),
    /// Where the penalty is smaller than rounding lets a Cholesky factor exist: eigenvectors and eigenvalues for each window.
    Eigen(Vec<(Mat<f64>, Vec<f64>)>, f64),
}

impl Factor {
    /// For windows of these many columns, in increasing order; `a(row, column)` with row >= column.
    pub(super) fn new(
        a: &(impl Fn(usize, usize) -> f64 + Sync),
        sizes: &[usize],
        penalty: f64,
    ) -> Result<Self> {
        let n = sizes.last().copied().unwrap_or(0);
        let mut factor = Mat::zeros(n, n);
        for column in 0..n {
            for row in column..n {
                factor[(row, column)] = a(row, column);
            }
            factor[(column, column)] += penalty;
        }
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default()));
        let stack = MemStack::new(&mut memory);
        let done =
            cholesky_in_place(factor.as_mut(), Default::default(), Par::Seq, stack, Default::default());
        match done {
            Ok(_) => Ok(Self::Cholesky(factor)),
            Err(_) => {
                let eigen = |&n: &usize| eigen(a, n);
                Ok(Self::Eigen(sizes.iter().map(eigen).collect::<Result<_>>()?, penalty))
            }
        }
    }

    /// The solution for each window; `c` has a row for each column of the longest.
    pub(super) fn solve(&self, c: &Mat<f64>, sizes: &[usize]) -> Vec<Mat<f64>> {
        match self {
            Self::Cholesky(factor) => {
                let mut forward = c.clone();
                solve_lower_triangular_in_place(factor.as_ref(), forward.as_mut(), Par::Seq);
                let back = |&n: &usize| {
                    let mut solution = forward.subrows(0, n).to_owned();
                    let upper = factor.submatrix(0, 0, n, n).transpose();
                    solve_upper_triangular_in_place(upper, solution.as_mut(), Par::Seq);
                    solution
                };
                sizes.iter().map(back).collect()
            }
            Self::Eigen(windows, penalty) => {
                let one = |((vectors, values), &n): (&(Mat<f64>, Vec<f64>), &usize)| {
                    let mut rotated = vectors.transpose() * c.subrows(0, n);
                    for column in rotated.col_iter_mut() {
                        // Rounding can make an eigenvalue of 0 slightly negative.
                        let scaled = column.iter_mut().zip(values);
                        scaled.for_each(|(value, eigen)| *value /= eigen.max(0.0) + penalty);
                    }
                    vectors * rotated
                };
                windows.iter().zip(sizes).map(one).collect()
            }
        }
    }
}

fn eigen(a: &impl Fn(usize, usize) -> f64, n: usize) -> Result<(Mat<f64>, Vec<f64>)> {
    let matrix = Mat::from_fn(n, n, |row, column| a(row.max(column), row.min(column)));
    let eigen =
        matrix.self_adjoint_eigen(Side::Lower).map_err(|e| Error::Ridge { n, reason: format!("{e:?}") })?;
    let values = eigen.S().column_vector().iter().copied().collect();
    Ok((eigen.U().to_owned(), values))
}

/// The inner product of two columns.
pub(super) fn dot(a: MatRef<'_, f64>, i: usize, b: MatRef<'_, f64>, j: usize) -> f64 {
    a.col(i).iter().zip(b.col(j).iter()).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of rank 3, with large eigenvalues.
    fn a(row: usize, column: usize) -> f64 {
        let x = |i: usize, k: usize| ((5 * i + 3 * k) as f64).sin() * 1e3;
        (0..3).map(|k| x(row, k) * x(column, k)).sum()
    }

    #[test]
    fn every_window_is_solved_with_any_penalty() {
        let sizes = [2, 5, 8];
        let c = Mat::from_fn(8, 2, |i, j| ((i + 4 * j) as f64).cos());
        for penalty in [1e-3, 10.0, 1e6] {
            let factor = Factor::new(&a, &sizes, penalty).unwrap();
            assert!(matches!(factor, Factor::Cholesky(_)));
            for (w, &n) in factor.solve(&c, &sizes).iter().zip(&sizes) {
                assert_eq!((w.nrows(), w.ncols()), (n, 2));
                for j in 0..2 {
                    for i in 0..n {
                        let product: f64 = (0..n).map(|k| a(i, k) * w[(k, j)]).sum::<f64>();
                        let error = (product + penalty * w[(i, j)] - c[(i, j)]).abs();
                        let size: f64 = (0..n).map(|k| (a(i, k) * w[(k, j)]).abs()).sum::<f64>() + 1.0;
                        assert!(error < 1e-13 * size, "{penalty} {n}: {error}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_eigenvalue_that_rounding_made_negative_is_0() {
        let a = |row: usize, column: usize| match (row, column) {
            (0, 0) => 3.0,
            (1, 1) => -1e-17,
            _ => 0.0,
        };
        let factor = Factor::new(&a, &[1, 2], 1e-20).unwrap();
        assert!(matches!(factor, Factor::Eigen(..)));
        let solved = factor.solve(&Mat::from_fn(2, 1, |i, _| [6.0, 1e-20][i]), &[1, 2]);
        assert!((solved[0][(0, 0)] - 2.0).abs() < 1e-12 && (solved[1][(0, 0)] - 2.0).abs() < 1e-12);
        assert!((solved[1][(1, 0)] - 1.0).abs() < 1e-12);
    }
}
