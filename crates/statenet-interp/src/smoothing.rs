//! Gaussian smoothing of maps over bands and lags.
//!
//! ```text
//! S[f, k] = sum_{g,l} w(f - g; bands) w(k - l; lags) G[g, l]          w(d; s) = exp(-d^2 / (2 s^2)), of sum 1
//! ```
//! Neighbouring bands and bins of a sound are strongly correlated, so that a fit determines the sum of neighbouring
//! weights well but their differences badly: differences between neighbours in a map are mostly noise. Smoothing with a
//! width of one band removes most of it and widens the field by about one band.

use ndarray::{Array2, ArrayView2, Axis};

/// A map `(F, L)` smoothed by Gaussians of these standard deviations, in bands and in bins; 0 leaves an axis as it is.
/// Weights are normalised at the edges, so that they always sum to 1.
///
/// ```
/// use ndarray::array;
/// let map = array![[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]];
/// let smooth = statenet_interp::smoothing::smoothed(map.view(), 1.0, 0.0);
/// assert!(smooth[(0, 0)] > 0.2 && smooth[(1, 0)] < 0.5 && smooth[(1, 1)] == 0.0);
/// ```
#[must_use]
pub fn smoothed(map: ArrayView2<'_, f64>, bands: f64, lags: f64) -> Array2<f64> {
    along(along(map, bands, Axis(0)).view(), lags, Axis(1))
}

fn along(map: ArrayView2<'_, f64>, width: f64, axis: Axis) -> Array2<f64> {
    if !(width > 0.0 && width.is_finite()) {
        return map.to_owned();
    }
    let n = map.len_of(axis);
    let weight = |d: usize| (-0.5 * (d as f64 / width).powi(2)).exp();
    let mut smooth = Array2::zeros(map.dim());
    for (i, mut row) in smooth.axis_iter_mut(axis).enumerate() {
        let mut total = 0.0;
        for j in 0..n {
            let weight = weight(i.abs_diff(j));
            total += weight;
            row.scaled_add(weight, &map.index_axis(axis, j));
        }
        row /= total;
    }
    smooth
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_flat_map_stays_and_no_width_changes_nothing() {
        let flat = Array2::from_elem((4, 3), 2.0);
        assert!(smoothed(flat.view(), 1.5, 2.0).iter().all(|x| (x - 2.0f64).abs() < 1e-12));
        let map = array![[1.0, -2.0], [0.5, 3.0]];
        assert_eq!(smoothed(map.view(), 0.0, 0.0), map);
    }

    #[test]
    fn neighbours_count_by_their_distance() {
        let impulse = array![[0.0, 1.0, 0.0]];
        let smooth = smoothed(impulse.view(), 0.0, 1.0);
        let (near, here) = ((-0.5f64).exp(), 1.0);
        let expected = [near / (1.0 + near + (-2f64).exp()), here / (1.0 + 2.0 * near)];
        assert!((smooth[(0, 0)] - expected[0]).abs() < 1e-12 && (smooth[(0, 1)] - expected[1]).abs() < 1e-12);
    }
}
