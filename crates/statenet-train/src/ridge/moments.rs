//! Second moments of the lag matrix over some of its rows: the Gram matrix of a regression.

use faer::Mat;
use rayon::prelude::*;

use super::{
    design::{Block, Design, Rows},
    products,
};

/// Sums over rows, not centred.
#[derive(Clone)]
pub(super) struct Moments {
    /// Products of columns `(P, P)`, on and below the diagonal.
    products: Mat<f64>,
    /// Sums of columns, P of them.
    sums: Vec<f64>,
    n_rows: usize,
}

impl Moments {
    /// Over these rows, for the first `n_columns` columns.
    pub(super) fn of(design: &Design<'_>, rows: &Rows, n_columns: usize) -> Self {
        let products = Mat::zeros(n_columns, n_columns);
        let mut moments = Self { products, sums: vec![0.0; n_columns], n_rows: rows.len() };
        for part in rows.parts(Design::rows_per_block(n_columns)) {
            moments.add(&design.block(&part, 0..n_columns));
        }
        moments
    }

    fn add(&mut self, block: &Block) {
        products::add_lower(&mut self.products, block.view().transpose(), block.view());
        let columns = block.columns().collect::<Vec<_>>();
        self.sums.par_iter_mut().zip(columns).for_each(|(sum, column)| *sum += column.iter().sum::<f64>());
    }

    /// Without the rows of another, for as many columns as that has. `None` if rounding could be seen: if they hold more than
    /// half of the sum of squares.
    pub(super) fn without(&self, other: &Self) -> Option<Self> {
        let n = other.sums.len();
        if 2.0 * other.sum_of_squares(n) > self.sum_of_squares(n) {
            return None;
        }
        let mut products = self.products.submatrix(0, 0, n, n).to_owned();
        products -= &other.products;
        let sums = self.sums.iter().zip(&other.sums).map(|(all, some)| all - some).collect();
        Some(Self { products, sums, n_rows: self.n_rows - other.n_rows })
    }

    fn sum_of_squares(&self, n_columns: usize) -> f64 {
        (0..n_columns).map(|i| self.products[(i, i)]).sum()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The mean of a column.
    pub(super) fn mean(&self, column: usize) -> f64 {
        self.sums[column] / self.n_rows.max(1) as f64
    }

    /// The centred product of two columns, of which the first is not before the second.
    pub(super) fn centred(&self, row: usize, column: usize) -> f64 {
        self.products[(row, column)] - self.n_rows as f64 * self.mean(row) * self.mean(column)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn leaving_rows_out_is_summing_over_the_others() {
        let x = Array2::from_shape_fn((3, 40), |(f, t)| ((7 * f + 3 * t) as f32 * 0.7).sin());
        let design = Design::new(vec![x.view()], 3);
        let (mut some, mut others) = (Rows::default(), Rows::default());
        some.add(0, 40, |t| t % 4 == 1);
        others.add(0, 40, |t| t % 4 != 1);
        let all = Moments::of(&design, &design.all_rows(), 9);
        let (left, expected) =
            (all.without(&Moments::of(&design, &some, 6)).unwrap(), Moments::of(&design, &others, 6));
        assert_eq!(left.n_rows(), 30);
        for column in 0..6 {
            for row in column..6 {
                assert!((left.centred(row, column) - expected.centred(row, column)).abs() < 1e-12);
            }
        }
        assert!(all.without(&Moments::of(&design, &others, 6)).is_none());
    }

    #[test]
    fn a_constant_column_has_no_centred_moments() {
        let x = Array2::from_elem((1, 50), 3.0);
        let design = Design::new(vec![x.view()], 1);
        let moments = Moments::of(&design, &design.all_rows(), 1);
        assert_eq!((moments.mean(0), moments.centred(0, 0)), (3.0, 0.0));
    }
}
