//! Sums and products of sums along slices, with a fixed number of partial sums: fast, and the same bits
//! whatever the threads.

use crate::simd::{
    dispatch::multiversion,
    float::{LANES, Real},
};

/// Partial sums of one long sum.
const PARTS: usize = 4;

/// Folds slices of equal length into one number: lane sums over `f(i)`, then the lanes in order.
#[inline(always)]
pub(crate) fn fold<F: Real>(n: usize, term: impl Fn(usize, F) -> F) -> F {
    let mut lanes = [F::ZERO; PARTS * LANES];
    let whole = n / (PARTS * LANES) * (PARTS * LANES);
    for start in (0..whole).step_by(PARTS * LANES) {
        for (l, sum) in lanes.iter_mut().enumerate() {
            *sum = term(start + l, *sum);
        }
    }
    for (i, sum) in (whole..n).zip(&mut lanes) {
        *sum = term(i, *sum);
    }
    lanes.into_iter().fold(F::ZERO, |sum, lane| sum + lane)
}

/// sum_i a\[i\] b\[i\].
#[inline(always)]
pub(crate) fn dot<F: Real, M: crate::simd::float::MulAdd>(a: &[F], b: &[F]) -> F {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    fold(n, |i, sum| M::mul_add(a[i], b[i], sum))
}

/// sum_i a\[i\].
#[inline(always)]
pub(crate) fn sum<F: Real>(a: &[F]) -> F {
    fold(a.len(), |i, sum| sum + a[i])
}

multiversion! {
    /// Adds to each sum the sum of one of the rows that follow each other in `matrix`.
    pub(crate) fn rows<F, M>(matrix: &[F], sums: &mut [F]) {
        let width = matrix.len() / sums.len().max(1);
        for (total, row) in sums.iter_mut().zip(matrix.chunks_exact(width.max(1))) {
            *total += sum(row);
        }
    }
}

multiversion! {
    /// Adds to each sum the sum of one column of `matrix`.
    pub(crate) fn columns<F, M>(matrix: &[F], sums: &mut [F]) {
        for row in matrix.chunks_exact(sums.len().max(1)) {
            sums.iter_mut().zip(row).for_each(|(total, x)| *total += *x);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::float::Separate;

    #[test]
    fn every_length_is_summed_whole() {
        for n in 0..140 {
            let a: Vec<f64> = (0..n).map(f64::from).collect();
            assert_eq!(sum(&a), f64::from(n * (n - 1) / 2));
            assert_eq!(dot::<f64, Separate>(&a, &vec![2.0; a.len()]), f64::from(n * (n - 1)));
        }
    }

    #[test]
    fn rows_and_columns_are_added_to_what_was_there() {
        let matrix = [1f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut sums = [100.0, 200.0];
        rows(&matrix, &mut sums);
        assert_eq!(sums, [106.0, 215.0]);
        let mut sums = [100.0, 200.0];
        columns(&matrix, &mut sums);
        assert_eq!(sums, [109.0, 212.0]);
    }
}
