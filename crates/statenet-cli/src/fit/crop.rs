//! The text of `--crop`.

use std::str::FromStr;

use anyhow::{anyhow, ensure};
use statenet::{core::Millis, data::Crop, prelude::*};

/// A crop and its warm-up, in bins or as times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CropArg {
    length: Span,
    warm_up: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Span {
    Bins(usize),
    Time(Millis),
}

impl CropArg {
    /// The crop in bins of this width, to the nearest; a warm-up is rounded up.
    ///
    /// # Errors
    /// If the crop is shorter than a bin.
    pub(super) fn in_bins(self, dt: TimeBin) -> anyhow::Result<Crop> {
        let length = match self.length {
            Span::Bins(bins) => bins,
            Span::Time(time) => (time.ms() / dt.ms()).round() as usize,
        };
        let warm_up = match self.warm_up {
            Span::Bins(bins) => bins,
            Span::Time(time) => (time.ms() / dt.ms() * (1.0 - 1e-12)).ceil() as usize,
        };
        ensure!(length > 0, "--crop is shorter than a time bin of {} ms", dt.ms());
        Ok(Crop { length, warm_up })
    }
}

impl FromStr for CropArg {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let (length, warm_up) = text.split_once(',').unwrap_or((text, "0"));
        let wrong = || {
            anyhow!(
                "expected bins or a time with its unit, and after a comma the same for the warm-up: 400,100 or 2s,500ms"
            )
        };
        let (length, warm_up) = (span(length).ok_or_else(wrong)?, span(warm_up).ok_or_else(wrong)?);
        if matches!(length, Span::Bins(0)) {
            return Err(wrong());
        }
        Ok(Self { length, warm_up })
    }
}

/// A number of bins, or a time such as `2s`, `0.5s` or `500ms`.
fn span(text: &str) -> Option<Span> {
    let text = text.trim();
    if let Ok(bins) = text.parse() {
        return Some(Span::Bins(bins));
    }
    let (number, ms) = match text.strip_suffix("ms") {
        Some(number) => (number, 1.0),
        None => (text.strip_suffix('s')?, 1000.0),
    };
    let number: f64 = number.trim().parse().ok()?;
    Some(Span::Time(Millis::new(number * ms).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_times_are_read() {
        let dt = TimeBin::from_millis(5.0).unwrap();
        let crop = |text: &str| text.parse::<CropArg>().unwrap().in_bins(dt).unwrap();
        assert_eq!(crop("400"), Crop { length: 400, warm_up: 0 });
        assert_eq!(crop("400,100"), Crop { length: 400, warm_up: 100 });
        assert_eq!(crop("2s, 0.5s"), Crop { length: 400, warm_up: 100 });
        assert_eq!(crop("1s,12ms"), Crop { length: 200, warm_up: 3 });
        for wrong in ["", "0", "1.5", "s", "-3", "-1s", "2m", "400,", "400,x", "1,2,3"] {
            assert!(wrong.parse::<CropArg>().is_err(), "{wrong}");
        }
        let short = "1ms".parse::<CropArg>().unwrap().in_bins(dt).unwrap_err();
        assert_eq!(short.to_string(), "--crop is shorter than a time bin of 5 ms");
    }
}
