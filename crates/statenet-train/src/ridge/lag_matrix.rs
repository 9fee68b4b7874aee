//! The lag matrix: the design matrix of a receptive field.

use faer::Mat;
use ndarray::ArrayView2;

/// `(T, F lags)`: row t holds `x[f, t - (lags-1) + k]` in column `f lags + k`, the order of a receptive field's weights;
/// 0 before the first bin.
pub(super) fn lag_matrix(cochleagram: ArrayView2<'_, f32>, lags: usize) -> Mat<f64> {
    let (n_bands, n_bins) = cochleagram.dim();
    Mat::from_fn(n_bins, n_bands * lags, |t, column| {
        let (f, k) = (column / lags, column % lags);
        (t + k + 1).checked_sub(lags).map_or(0.0, |then| f64::from(cochleagram[(f, then)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_column_of_a_band_is_now() {
        let x = ndarray::arr2(&[[1f32, 2., 3.], [4., 5., 6.]]);
        let m = lag_matrix(x.view(), 2);
        let rows: Vec<Vec<f64>> = (0..3).map(|t| (0..4).map(|c| m[(t, c)]).collect()).collect();
        assert_eq!(rows, [[0., 1., 0., 4.], [1., 2., 4., 5.], [2., 3., 5., 6.]]);
    }
}
