//! A range of finite numbers, and positions in it.

/// A range from `low` to `high`, both finite and `low < high`, so that positions are always defined.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Larger numbers are clamped to this one, so that differences are finite.
const HUGE: f64 = 1e300;

impl Range {
    /// The range between two numbers in any order; widened if they are equal.
    pub(crate) fn new(a: f64, b: f64) -> Self {
        let bound = |x: f64| {
            if x.is_nan() { 0.0 } else { x.clamp(-HUGE, HUGE) }
        };
        let (a, b) = (bound(a), bound(b));
        let (low, high) = (a.min(b), a.max(b));
        let magnitude = low.abs().max(high.abs());
        if high - low > 1e-300 && high - low > magnitude * 1e-12 {
            Self { low, high }
        } else {
            let apart = if magnitude > 1e-290 { magnitude * 0.1 } else { 1.0 };
            Self { low: low - apart, high: high + apart }
        }
    }

    /// The range of the finite values; `None` if there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        extent(values).map(|(low, high)| Self::new(low, high))
    }

    /// The range of the finite values and 0, with room above, and below if any is negative; 0 to 1 without values.
    ///
    /// For rates and scores, whose 0 is meaningful.
    pub(crate) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        if low == 0.0 && high == 0.0 {
            return Self { low: 0.0, high: 1.0 };
        }
        let range = Self::new(low.min(0.0), high.max(0.0));
        let room = (range.high / 20.0 - range.low / 20.0).min(HUGE);
        Self::new(
            if low < 0.0 { range.low - room } else { 0.0 },
            if high > 0.0 { range.high + room } else { 0.0 },
        )
    }

    /// The range, extended by a twentieth at both ends.
    pub(crate) fn padded(self) -> Self {
        let room = self.span() / 20.0;
        Self::new(self.low - room, self.high + room)
    }

    /// The smallest range that contains both.
    pub(crate) fn union(self, other: Self) -> Self {
        Self::new(self.low.min(other.low), self.high.max(other.high))
    }

    pub(crate) fn span(self) -> f64 {
        self.high - self.low
    }

    /// The position of a number, from 0 at the low end to 1 at the high end, clamped.
    pub(crate) fn place(self, value: f64) -> f64 {
        ((value.clamp(self.low, self.high) - self.low) / self.span()).clamp(0.0, 1.0)
    }
}

/// The smallest and largest finite value; `None` if there are none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|v| v.is_finite()).fold(None, |range, v| match range {
        None => Some((v, v)),
        Some((low, high)) => Some((f64::min(low, v), f64::max(high, v))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_between_0_and_1_whatever_the_numbers() {
        for values in [
            vec![f64::MAX, f64::MIN],
            vec![0.0],
            vec![1e-320, 0.0],
            vec![5.0, 5.0, f64::NAN],
            vec![f64::MAX],
            vec![1.0, 1.0 + 1e-16],
        ] {
            let range = Range::of(values.iter().copied()).unwrap();
            assert!(range.low < range.high, "{values:?} {range:?}");
            let zero = Range::from_zero(values.iter().copied());
            assert!(zero.low <= 0.0 && zero.high >= 0.0 && zero.low < zero.high, "{zero:?}");
            for v in values.into_iter().filter(|v| v.is_finite()) {
                assert!((0.0..=1.0).contains(&range.place(v)));
                assert!((0.0..=1.0).contains(&zero.place(v)));
            }
        }
        assert_eq!(Range::of([f64::NAN, f64::INFINITY]), None);
    }

    #[test]
    fn rates_start_at_zero() {
        assert_eq!(Range::from_zero([2.0, 10.0]), Range { low: 0.0, high: 10.5 });
        assert_eq!(Range::from_zero([]), Range { low: 0.0, high: 1.05 });
        assert_eq!(Range::from_zero([0.0, 0.0]), Range { low: 0.0, high: 1.0 });
        assert_eq!(Range::from_zero([-10.0]), Range { low: -10.5, high: 0.0 });
    }
}
