//! Ticks at round numbers: 1, 2 or 5 times a power of ten.

use super::range::Range;

/// A tick: its position on the axis, from 0 at the low end to 1 at the high end, and its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) at: f64,
    pub(crate) label: String,
}

/// Ticks of a linear axis: at most `max`, and at least one if a round number is in the range.
pub(crate) fn linear(range: Range, max: usize) -> Vec<Tick> {
    let step = step(range.span(), max);
    round_numbers(range, step)
        .into_iter()
        .map(|value| Tick { at: range.place(value), label: label(value, step) })
        .collect()
}

/// Ticks at whole numbers only, as for epochs.
pub(crate) fn whole(range: Range, max: usize) -> Vec<Tick> {
    let step = step(range.span(), max).max(1.0);
    round_numbers(range, step)
        .into_iter()
        .map(|value| Tick { at: range.place(value), label: label(value, step) })
        .collect()
}

/// The range widened to round numbers, and the number of round steps in it, which is about `n`.
pub(crate) fn covering(range: Range, n: usize) -> (Range, usize) {
    let step = step(range.span(), n);
    let (first, last) = ((range.low / step).floor(), (range.high / step).ceil());
    let steps = (last - first).clamp(1.0, 1000.0);
    (Range::new(first * step, last * step), steps as usize)
}

/// Round numbers for a logarithmic axis between two positive numbers: 1, 2, 5 times powers of ten.
///
/// If the ends differ by less than a factor of 4, the round numbers of a linear axis are used.
pub(crate) fn log_numbers(low: f64, high: f64) -> Vec<f64> {
    if !(low > 0.0 && high >= low && high.is_finite()) {
        return Vec::new();
    }
    if high < low * 4.0 {
        let range = Range::new(low, high);
        return round_numbers(range, step(range.span(), 4));
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (first..=last)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(power)))
        .filter(|v| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(v))
        .collect()
}

/// A frequency as a short number of kHz: 0.5, 1, 22.
pub(crate) fn kilohertz(hz: f64) -> String {
    let khz = hz / 1000.0;
    let text = if khz >= 0.095 { format!("{khz:.2}") } else { format!("{khz:.4}") };
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The smallest step of the form 1, 2 or 5 times a power of ten with at most `max` ticks.
fn step(span: f64, max: usize) -> f64 {
    let raw = span / max.max(2) as f64;
    let power = 10f64.powi(raw.log10().floor() as i32);
    let multiple = [1.0, 2.0, 5.0, 10.0].into_iter().find(|m| m * power >= raw * (1.0 - 1e-9));
    multiple.unwrap_or(10.0) * power
}

fn round_numbers(range: Range, step: f64) -> Vec<f64> {
    if !(step.is_finite() && step > 0.0) {
        return Vec::new();
    }
    let first = (range.low / step - 1e-6).ceil();
    let last = (range.high / step + 1e-6).floor();
    let n = if last >= first { (last - first).min(100.0) as usize + 1 } else { 0 };
    (0..n).map(|i| (first + i as f64) * step).collect()
}

/// A number with as many decimals as the step needs; very large and very small numbers as 2e6.
pub(crate) fn label(value: f64, step: f64) -> String {
    if value.abs() < step * 1e-6 {
        return "0".to_string();
    }
    let power = step.log10().floor();
    if value.abs() >= 99_999.5 || power < -4.0 {
        let digits = (value.abs().log10().floor() - power).clamp(0.0, 6.0) as usize;
        return format!("{value:.digits$e}").replace('-', "\u{2212}");
    }
    let decimals = if power < 0.0 { -power as usize } else { 0 };
    format!("{value:.decimals$}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, max: usize) -> Vec<String> {
        let ticks = linear(Range::new(low, high), max);
        ticks.into_iter().map(|t| t.label).collect()
    }

    #[test]
    fn ticks_are_round_and_labelled_with_the_decimals_they_need() {
        assert_eq!(labels(0.0, 4.995, 6), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(0.0, 0.83, 5), ["0", "0.2", "0.4", "0.6", "0.8"]);
        assert_eq!(labels(-0.012, 0.012, 3), ["\u{2212}0.01", "0", "0.01"]);
        assert_eq!(labels(0.0, 1.0, 2), ["0", "0.5", "1.0"]);
        assert_eq!(labels(0.0, 3e6, 3), ["0", "1e6", "2e6", "3e6"]);
        assert_eq!(labels(0.0, 3e-7, 3), ["0", "1e\u{2212}7", "2e\u{2212}7", "3e\u{2212}7"]);
    }

    #[test]
    fn there_are_never_more_ticks_than_asked_for_plus_one() {
        for high in [1e-300, 0.3, 1.0, 1.7, 9.99, 1234.5, 1e300] {
            for low in [0.0, -high, high * 0.99] {
                for max in 2..12 {
                    let n = linear(Range::new(low, high), max).len();
                    assert!(n <= max + 1, "{low} {high} {max}: {n}");
                }
            }
        }
    }

    #[test]
    fn a_range_is_widened_to_round_numbers() {
        assert_eq!(covering(Range::new(0.11, 0.9), 5), (Range::new(0.0, 1.0), 5));
        assert_eq!(covering(Range::new(0.0, 10.0), 5), (Range::new(0.0, 10.0), 5));
    }

    #[test]
    fn epochs_are_whole() {
        let ticks = whole(Range::new(1.0, 3.0), 8);
        let labels: Vec<_> = ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["1", "2", "3"]);
    }

    #[test]
    fn frequencies_have_octave_like_ticks_in_kilohertz() {
        let khz: Vec<String> = log_numbers(500.0, 22_627.0).into_iter().map(kilohertz).collect();
        assert_eq!(khz, ["0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(log_numbers(1000.0, 1500.0), [1000.0, 1200.0, 1400.0]);
        assert_eq!(log_numbers(0.0, 10.0), Vec::<f64>::new());
        assert_eq!(kilohertz(62.5), "0.0625");
    }
}
