//! A number with its bootstrap interval over stimuli.

use serde::{Deserialize, Serialize};
use statenet_metrics::resampling::{ConfidenceInterval, Resampling, bootstrap_together};

/// The confidence level of every interval in this crate.
const CONFIDENCE: f64 = 0.95;

/// A number estimated from several stimuli, with its percentile interval from a bootstrap over the stimuli.
///
/// In JSON `{"value": .., "ci95": [lower, upper]}`, with `null` for a missing value or interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate<T = f64> {
    /// The number computed from all stimuli; `None` where it is undefined.
    pub value: Option<T>,
    /// 95 % interval; `None` with fewer than two stimuli, or if the number is undefined in more than half of the draws.
    pub ci95: Option<[T; 2]>,
}

impl<T: Copy> Estimate<T> {
    /// The same estimate in another unit; values that the unit cannot represent become `None`.
    pub(crate) fn in_unit<U>(self, unit: impl Fn(T) -> Option<U>) -> Estimate<U> {
        Estimate {
            value: self.value.and_then(&unit),
            ci95: self.ci95.and_then(|[lower, upper]| Some([unit(lower)?, unit(upper)?])),
        }
    }
}

impl Estimate<f64> {
    /// Whether the intervals overlap or lie at most `gap` apart.
    pub(crate) fn overlaps(&self, other: &Self, gap: f64) -> bool {
        match (self.ci95, other.ci95) {
            (Some(a), Some(b)) => a[0] <= b[1] + gap && b[0] <= a[1] + gap,
            _ => false,
        }
    }
}

/// Estimates K numbers from the same stimuli. `statistics` computes them from the given stimuli (indices, which may
/// repeat).
pub(crate) fn estimates<const K: usize>(
    n_stimuli: usize,
    statistics: impl Fn(&[usize]) -> [Option<f64>; K] + Sync,
    resampling: &Resampling,
) -> [Estimate; K] {
    let values = statistics(&(0..n_stimuli).collect::<Vec<_>>());
    let intervals = bootstrap_together(n_stimuli, statistics, CONFIDENCE, resampling);
    let ends = |interval: ConfidenceInterval| [interval.lower, interval.upper];
    std::array::from_fn(|k| {
        let value = values[k].filter(|v| v.is_finite());
        Estimate { value, ci95: value.and(intervals[k].ok().map(ends)) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_a_value_and_an_interval() {
        let estimate = Estimate { value: Some(1.5), ci95: Some([1.0, 2.0]) };
        assert_eq!(serde_json::to_string(&estimate).unwrap(), r#"{"value":1.5,"ci95":[1.0,2.0]}"#);
        let none: Estimate = serde_json::from_str(r#"{"value": null, "ci95": null}"#).unwrap();
        assert_eq!(none, Estimate { value: None, ci95: None });
        assert!(!none.overlaps(&estimate, 9.0) && estimate.overlaps(&estimate, 0.0));
        let above = Estimate { value: Some(2.5), ci95: Some([2.25, 3.0]) };
        assert!(!estimate.overlaps(&above, 0.0) && estimate.overlaps(&above, 0.5));
    }

    #[test]
    fn one_stimulus_has_a_value_and_no_interval() {
        let [estimate] = estimates(1, |units| [Some(units.len() as f64)], &Resampling::default());
        assert_eq!(estimate, Estimate { value: Some(1.0), ci95: None });
    }
}
