//! How far two receptive fields agree.

use ndarray::ArrayView2;

/// The cosine of the angle between two maps `(F, L)` with lag 0 first: 1 for maps that differ by a positive factor.
///
/// Maps of different depth are compared as if the shorter went on with zeros. `None` if the bands differ or a map is
/// zero.
#[must_use]
pub fn cosine(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Option<f64> {
    if a.nrows() != b.nrows() {
        return None;
    }
    let n_lags = a.ncols().min(b.ncols());
    let common = |m: &ArrayView2<'_, f64>| m.slice(ndarray::s![.., ..n_lags]).to_owned();
    let dot = (common(&a) * common(&b)).sum();
    let norm = |m: &ArrayView2<'_, f64>| m.iter().map(|x| x * x).sum::<f64>().sqrt();
    let norms = norm(&a) * norm(&b);
    (norms > 0.0 && norms.is_finite()).then(|| dot / norms)
}

#[cfg(test)]
mod tests {
    use ndarray::arr2;

    use super::*;

    #[test]
    fn scale_does_not_matter_and_depth_does() {
        let a = arr2(&[[1.0, 2.0], [0.0, -1.0]]);
        let longer = arr2(&[[2.0, 4.0, 0.0], [0.0, -2.0, 0.0]]);
        let tail = arr2(&[[2.0, 4.0, 5.0], [0.0, -2.0, 0.0]]);
        assert!((cosine(a.view(), longer.view()).unwrap() - 1.0).abs() < 1e-12);
        assert!(cosine(a.view(), tail.view()).unwrap() < 0.8);
        assert_eq!(cosine(a.view(), arr2(&[[0.0, 0.0], [0.0, 0.0]]).view()), None);
        assert_eq!(cosine(a.view(), arr2(&[[1.0]]).view()), None);
    }
}
