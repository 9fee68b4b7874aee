//! Adjustment of p values for multiple tests.

/// Holm's (1979) step-down adjustment: rejecting tests whose adjusted p value is at most alpha keeps the probability of any
/// false rejection at alpha, however the tests depend on each other.
///
/// Returns values in the order of the input. NaN stays NaN but counts as a test.
///
/// ```
/// use statenet_metrics::resampling::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let (order, n) = (ascending(p), p.len());
    let mut adjusted = vec![f64::NAN; n];
    let mut largest = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((n - rank) as f64 * p[i]).min(1.0);
        adjusted[i] = largest;
    }
    adjusted
}

/// Benjamini and Hochberg's (1995) adjustment: rejecting tests whose adjusted p value is at most q keeps the expected share
/// of false rejections at q, for tests that are independent or positively dependent.
///
/// Returns values in the order of the input. NaN stays NaN but counts as a test.
///
/// ```
/// use statenet_metrics::resampling::benjamini_hochberg;
/// assert_eq!(benjamini_hochberg(&[0.01, 0.04, 0.03]), [0.03, 0.04, 0.04]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let (order, n) = (ascending(p), p.len());
    let mut adjusted = vec![f64::NAN; n];
    let mut smallest = 1.0_f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        smallest = smallest.min(n as f64 * p[i] / (rank + 1) as f64);
        adjusted[i] = smallest;
    }
    adjusted
}

/// Indices of the values that are not NaN, in ascending order of the values.
fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&i, &j| p[i].total_cmp(&p[j]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_values_keep_the_order_and_stay_below_1() {
        let p = [0.8, 0.001, 0.02, 0.9, 0.02];
        for adjusted in [holm(&p), benjamini_hochberg(&p)] {
            assert!(adjusted.iter().zip(&p).all(|(a, p)| a >= p && *a <= 1.0));
            assert_eq!(adjusted[2], adjusted[4]);
            assert!(adjusted[1] < adjusted[2] && adjusted[2] < adjusted[0]);
        }
        assert_eq!(holm(&p)[1], 0.005);
    }

    #[test]
    fn nothing_and_nan_are_survived() {
        assert!(holm(&[]).is_empty());
        let adjusted = benjamini_hochberg(&[f64::NAN, 0.01]);
        assert!(adjusted[0].is_nan());
        assert_eq!(adjusted[1], 0.02);
    }
}
