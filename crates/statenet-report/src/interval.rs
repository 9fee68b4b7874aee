//! Intervals, as shown by bars and tables.

/// The two ends of an interval, such as a 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// An interval from its ends; reversed ends are put in order.
    #[must_use]
    pub fn new(low: f64, high: f64) -> Self {
        if low > high { Self { low: high, high: low } } else { Self { low, high } }
    }

    /// Whether both ends are finite.
    pub(crate) fn is_finite(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }
}
