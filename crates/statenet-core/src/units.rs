//! Quantities with a unit: durations, time bins, frequencies and sample rates.
//!
//! Values are checked on construction and on deserialization, so that every value is valid.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A duration in milliseconds: finite, zero or more.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Millis(f64);

impl Millis {
    /// A duration.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `ms` is negative or not finite.
    pub fn new(ms: f64) -> Result<Self> {
        in_range("duration in ms", ms, ms >= 0.0, "0 or more").map(Self)
    }

    /// A constant duration of whole milliseconds, such as `Millis::whole::<21>()`.
    #[must_use]
    pub const fn whole<const MS: u32>() -> Self {
        Self(MS as f64)
    }

    /// The duration in milliseconds.
    #[must_use]
    pub fn ms(self) -> f64 {
        self.0
    }

    /// The duration in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 / 1000.0
    }
}

/// The width dt of a time bin, in milliseconds: above 0 and at most 10 s.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct TimeBin(f64);

impl TimeBin {
    /// A time bin of a width in milliseconds.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `ms` is not above 0 and at most 10 000.
    pub fn from_millis(ms: f64) -> Result<Self> {
        in_range("dt in ms", ms, ms > 0.0 && ms <= 10_000.0, "above 0 and at most 10000").map(Self)
    }

    /// A constant width of whole milliseconds; 0 or more than 10 000 does not compile.
    #[must_use]
    pub const fn whole_millis<const MS: u32>() -> Self {
        const { assert!(MS > 0 && MS <= 10_000, "dt in ms must be above 0 and at most 10000") };
        Self(MS as f64)
    }

    /// The width in milliseconds.
    #[must_use]
    pub fn ms(self) -> f64 {
        self.0
    }

    /// The width in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.0 / 1000.0
    }

    /// The number of whole bins in a duration, rounded down, with a tolerance for rounding errors.
    #[must_use]
    pub fn bins_in(self, duration: Millis) -> usize {
        (duration.ms() / self.0 * (1.0 + 1e-12)).floor() as usize
    }

    /// The number of bins in a duration, rounded to the nearest, at least one.
    #[must_use]
    pub fn nearest_bins(self, duration: Millis) -> usize {
        ((duration.ms() / self.0).round() as usize).max(1)
    }

    /// The duration of `n` bins.
    #[must_use]
    pub fn times(self, n: usize) -> Millis {
        Millis(self.0 * n as f64)
    }
}

/// A frequency in Hz: finite and above 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Hertz(f64);

impl Hertz {
    /// A frequency.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `hz` is not finite and above 0.
    pub fn new(hz: f64) -> Result<Self> {
        in_range("frequency in Hz", hz, hz > 0.0, "above 0").map(Self)
    }

    /// A constant frequency of whole Hz; 0 does not compile.
    #[must_use]
    pub const fn whole<const HZ: u32>() -> Self {
        const { assert!(HZ > 0, "frequency in Hz must be above 0") };
        Self(HZ as f64)
    }

    /// The frequency in Hz.
    #[must_use]
    pub fn hz(self) -> f64 {
        self.0
    }

    /// The equivalent rectangular bandwidth of human hearing at this frequency, 24.7 (1 + 0.00437 f) Hz (Glasberg & Moore
    /// 1990, eq. 3).
    #[must_use]
    pub fn erb(self) -> Self {
        Self(24.7 * (1.0 + 0.00437 * self.0))
    }
}

/// Samples per second of a sound: finite and above 0, not necessarily whole (48 828.125 Hz in NS1).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct SampleRate(f64);

impl SampleRate {
    /// A sample rate.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if `hz` is not finite and above 0.
    pub fn new(hz: f64) -> Result<Self> {
        in_range("sample rate in Hz", hz, hz > 0.0, "above 0").map(Self)
    }

    /// The rate in Hz.
    #[must_use]
    pub fn hz(self) -> f64 {
        self.0
    }
}

fn in_range(quantity: &'static str, got: f64, inside: bool, expected: &'static str) -> Result<f64> {
    if inside && got.is_finite() { Ok(got) } else { Err(Error::OutOfRange { quantity, got, expected }) }
}

macro_rules! converts_to_and_from_f64 {
    ($($unit:ident, $new:ident;)*) => {$(
        impl TryFrom<f64> for $unit {
            type Error = Error;
            fn try_from(value: f64) -> Result<Self> {
                Self::$new(value)
            }
        }
        impl From<$unit> for f64 {
            fn from(value: $unit) -> Self {
                value.0
            }
        }
    )*};
}
converts_to_and_from_f64! { Millis, new; TimeBin, from_millis; Hertz, new; SampleRate, new; }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_of_a_duration_are_whole_and_survive_rounding() {
        let dt = TimeBin::from_millis(0.1).unwrap();
        assert_eq!(dt.bins_in(Millis::new(0.3).unwrap()), 3);
        let dt = TimeBin::from_millis(5.0).unwrap();
        assert_eq!(dt.bins_in(Millis::new(21.0).unwrap()), 4);
        assert_eq!(dt.nearest_bins(Millis::new(1.0).unwrap()), 1);
        assert_eq!(dt.times(999).ms(), 4995.0);
    }

    #[test]
    fn constants_are_what_they_say() {
        assert_eq!(Millis::whole::<21>(), Millis::new(21.0).unwrap());
        assert_eq!(TimeBin::whole_millis::<5>(), TimeBin::from_millis(5.0).unwrap());
        assert_eq!(Hertz::whole::<500>(), Hertz::new(500.0).unwrap());
    }

    #[test]
    fn a_kilohertz_is_heard_through_a_band_of_133_hz() {
        assert!((Hertz::whole::<1000>().erb().hz() - 132.639).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_number_says_what_would_be_right() {
        let message = TimeBin::from_millis(0.0).unwrap_err().to_string();
        assert_eq!(message, "dt in ms is 0, expected above 0 and at most 10000");
        assert!(Hertz::new(f64::NAN).is_err());
        assert!(Millis::new(f64::INFINITY).is_err());
    }

    #[test]
    fn serde_checks_what_it_reads() {
        assert!(serde_json::from_str::<TimeBin>("-5").unwrap_err().to_string().contains("dt in ms is -5"));
        let dt: TimeBin = serde_json::from_str("5.0").unwrap();
        assert_eq!(serde_json::to_string(&dt).unwrap(), "5.0");
    }
}
