//! Tables in Markdown, and the format of numbers and requirements.

use super::numbers::Sample;

/// A table to which rows are added.
pub(super) struct Grid {
    text: String,
}

impl Grid {
    pub(super) fn new(title: &str, note: &str, columns: &[&str]) -> Self {
        let rule = vec!["---"; columns.len()].join("|");
        Self { text: format!("## {title}\n\n{note}\n\n| {} |\n|{rule}|\n", columns.join(" | ")) }
    }

    pub(super) fn row(&mut self, cells: &[String]) {
        self.text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    pub(super) fn end(self) -> String {
        self.text
    }
}

/// The requirement on a number.
#[derive(Clone, Copy)]
pub(super) enum Bar {
    AtLeast(f64),
    AtMost(f64),
    /// None: the number is for information.
    None,
}

impl Bar {
    pub(super) fn text(self) -> String {
        match self {
            Self::AtLeast(x) => format!("at least {x}"),
            Self::AtMost(x) => format!("at most {x}"),
            Self::None => "-".to_owned(),
        }
    }

    /// Whether the median meets it.
    pub(super) fn met(self, value: Option<&Sample>) -> String {
        let Some(value) = value.map(Sample::median) else { return "not measured".to_owned() };
        let met = match self {
            Self::AtLeast(x) => value >= x,
            Self::AtMost(x) => value <= x,
            Self::None => return "-".to_owned(),
        };
        if met { "yes" } else { "**no**" }.to_owned()
    }
}

/// The median, to three digits.
pub(super) fn median(sample: Option<&Sample>) -> String {
    sample.map_or_else(|| "-".to_owned(), |s| digits(s.median()))
}

/// The median and, if rounds differ, their range.
pub(super) fn spread(sample: Option<&Sample>) -> String {
    let Some(sample) = sample else { return "-".to_owned() };
    let (low, high) = sample.range();
    let (low, middle, high) = (digits(low), digits(sample.median()), digits(high));
    if low == high { middle } else { format!("{middle} ({low} to {high})") }
}

/// Three significant digits, without an exponent.
fn digits(x: f64) -> String {
    let before = if x == 0.0 { 0 } else { x.abs().log10().floor() as i32 };
    let after = usize::try_from(2 - before).unwrap_or(0).min(4);
    format!("{x:.after$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_written() {
        assert_eq!([62.41, 1.7, 0.0123, 2188.0, 0.0].map(digits), ["62.4", "1.70", "0.0123", "2188", "0.00"]);
    }

    #[test]
    fn a_bar_that_nothing_was_measured_for_is_not_met() {
        assert_eq!(Bar::AtLeast(2.0).met(None), "not measured");
    }
}
