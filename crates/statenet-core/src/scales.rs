//! Frequency scales: mel, ERB-rate, Greenwood's map of the cochlea, octaves.
//!
//! | scale | from f in Hz | source |
//! |---|---|---|
//! | mel (HTK) | 2595 log10(1 + f/700) | O'Shaughnessy 1987 |
//! | ERB-rate | 21.4 log10(1 + 0.00437 f) | Glasberg & Moore 1990 |
//! | Greenwood, human | log10(f/165.4 + 0.88) / 2.1, the place from apex (0) to base (1) | Greenwood 1990 |
//! | octave | log2(f / 1 kHz) | |

use serde::{Deserialize, Serialize};

use crate::{error::Result, units::Hertz};

/// A monotone map from frequency to a perceptual or anatomical coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Mel, as HTK computes it.
    Mel,
    /// ERB-rate: number of equivalent rectangular bandwidths below f.
    Erb,
    /// Relative position on the human cochlea, from 0 at the apex to 1 at the base.
    Greenwood,
    /// Octaves above 1 kHz.
    Octave,
}

impl Scale {
    /// The coordinate of a frequency.
    #[must_use]
    pub fn from_hertz(self, frequency: Hertz) -> f64 {
        let f = frequency.hz();
        match self {
            Self::Mel => 2595.0 * libm::log10(1.0 + f / 700.0),
            Self::Erb => 21.4 * libm::log10(1.0 + 0.00437 * f),
            Self::Greenwood => libm::log10(f / 165.4 + 0.88) / 2.1,
            Self::Octave => libm::log2(f / 1000.0),
        }
    }

    /// The frequency at a coordinate; the inverse of [`from_hertz`](Self::from_hertz).
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if the coordinate is below that of every frequency.
    pub fn to_hertz(self, coordinate: f64) -> Result<Hertz> {
        let ten_to = |x: f64| libm::pow(10.0, x);
        Hertz::new(match self {
            Self::Mel => 700.0 * (ten_to(coordinate / 2595.0) - 1.0),
            Self::Erb => (ten_to(coordinate / 21.4) - 1.0) / 0.00437,
            Self::Greenwood => 165.4 * (ten_to(2.1 * coordinate) - 0.88),
            Self::Octave => 1000.0 * libm::exp2(coordinate),
        })
    }

    /// `n` frequencies evenly spaced on this scale from `low` to `high`, both included.
    ///
    /// # Errors
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) if a frequency is rounded to a value out of range.
    pub fn spaced(self, n: usize, low: Hertz, high: Hertz) -> Result<Vec<Hertz>> {
        let (a, b) = (self.from_hertz(low), self.from_hertz(high));
        let step = if n > 1 { (b - a) / (n - 1) as f64 } else { 0.0 };
        (0..n).map(|i| self.to_hertz(a + step * i as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mel_of_a_kilohertz_is_about_a_thousand() {
        let mel = Scale::Mel.from_hertz(Hertz::new(1000.0).unwrap());
        assert!((mel - 999.985_5).abs() < 1e-3, "{mel}");
    }

    #[test]
    fn spaced_frequencies_include_both_ends() {
        let f = Scale::Erb.spaced(3, Hertz::new(100.0).unwrap(), Hertz::new(8000.0).unwrap()).unwrap();
        assert!((f[0].hz() - 100.0).abs() < 1e-9 && (f[2].hz() - 8000.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn every_scale_inverts(hz in 20.0..40_000.0f64) {
            for scale in [Scale::Mel, Scale::Erb, Scale::Greenwood, Scale::Octave] {
                let there = scale.from_hertz(Hertz::new(hz).unwrap());
                let back = scale.to_hertz(there).unwrap().hz();
                prop_assert!((back - hz).abs() < 1e-8 * hz, "{scale:?}: {hz} -> {there} -> {back}");
            }
        }
    }
}
