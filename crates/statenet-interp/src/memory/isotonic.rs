//! Isotonic regression to a non-increasing curve, and where such a curve falls to a level.

/// The non-increasing curve with the least squared distance to this one (pool adjacent violators; Ayer et al. 1955).
pub(super) fn non_increasing(curve: &[f64]) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for &value in curve {
        let mut pool = (value, 1);
        while let Some(&(mean, n)) = pools.last().filter(|(mean, _)| *mean < pool.0) {
            let both = n + pool.1;
            pool = ((mean * n as f64 + pool.0 * pool.1 as f64) / both as f64, both);
            pools.pop();
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}

/// Where a non-increasing curve first reaches a level, in samples with linear interpolation; `None` if it never does.
pub(super) fn falls_to(curve: &[f64], level: f64) -> Option<f64> {
    let below = curve.iter().position(|&value| value <= level)?;
    let Some(before) = below.checked_sub(1) else { return Some(0.0) };
    let (above, at) = (curve.get(before)?, curve.get(below)?);
    Some(before as f64 + (above - level) / (above - at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_share_their_mean() {
        assert_eq!(non_increasing(&[5.0, 2.0, 4.0, 1.0]), [5.0, 3.0, 3.0, 1.0]);
        assert_eq!(non_increasing(&[1.0, 2.0, 3.0]), [2.0, 2.0, 2.0]);
        assert_eq!(non_increasing(&[]), [0.0; 0]);
    }

    #[test]
    fn a_level_is_reached_on_a_line_or_never() {
        assert_eq!(falls_to(&[1.0, 0.5, 0.25], 0.375), Some(1.5));
        assert_eq!(falls_to(&[1.0, 0.5, 0.25], 1.0), Some(0.0));
        assert_eq!(falls_to(&[1.0, 0.5, 0.25], 0.2), None);
    }
}
