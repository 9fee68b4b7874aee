//! Where the bands of a front end lie, and durations as numbers of samples.

use std::ops::RangeInclusive;

use statenet_core::{Hertz, Millis, Sampling, scales::Scale};

use crate::error::{Error, Result, config_error};

/// Where the bands lie: how many, from where to where.
#[derive(Clone, Copy)]
pub(super) struct Range<'a> {
    pub(super) n_bands: usize,
    pub(super) low: Hertz,
    pub(super) high: Hertz,
    pub(super) sampling: &'a Sampling,
    pub(super) field: &'a str,
}

impl Range<'_> {
    /// The lowest and the highest frequency, the latter at most the Nyquist frequency.
    pub(super) fn ends(&self) -> Result<(Hertz, Hertz)> {
        if !(1..=4096).contains(&self.n_bands) {
            return Err(config_error(&format!("{}.n_bands", self.field), self.n_bands, "1 to 4096"));
        }
        let nyquist = self.sampling.nyquist()?;
        let high = if self.high.hz() < nyquist.hz() { self.high } else { nyquist };
        if high.hz() > self.low.hz() { Ok((self.low, high)) } else { Err(self.too_low(high.hz())) }
    }

    /// The error of a lowest frequency that is not below the highest.
    pub(super) fn too_low(&self, high: f64) -> Error {
        let nyquist = self.sampling.rate().hz() / 2.0;
        let expected = format!("below {high} Hz, the highest (the sample rate holds {nyquist})");
        config_error(&format!("{}.low_hz", self.field), self.low.hz(), expected)
    }

    /// `n` frequencies evenly spaced on a scale, both ends included.
    pub(super) fn spaced(&self, scale: Scale, n: usize) -> Result<Vec<Hertz>> {
        let (low, high) = self.ends()?;
        scale.spaced(n, low, high).map_err(|e| config_error(self.field, self.n_bands, e.to_string()))
    }
}

/// Samples of a duration, checked to be in a range.
pub(super) fn samples(
    duration: Millis,
    allowed: RangeInclusive<usize>,
    sampling: &Sampling,
    field: &str,
) -> Result<usize> {
    let rate = sampling.rate().hz();
    let (least, most) = (*allowed.start(), *allowed.end());
    let n = (duration.seconds() * rate).round();
    if (least as f64..=most as f64).contains(&n) {
        return Ok(n as usize);
    }
    let ms = |n: usize| n as f64 / rate * 1e3;
    let expected = format!("{} to {} ms ({least} to {most} samples at {rate} Hz)", ms(least), ms(most));
    Err(config_error(field, duration.ms(), expected))
}
