//! Numbers in descriptions.

use std::fmt;

/// A number with about four digits: 0.605, 1200, 2.5e-7.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.clamp(-1e300, 1e300);
        let size = value.abs();
        if size != 0.0 && !(1e-3..1e6).contains(&size) {
            return write!(f, "{value:.2e}");
        }
        let digits = if size < 10.0 { 4 } else { 1 };
        let text = format!("{value:.digits$}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let text = |x: f64| Short(x).to_string();
        assert_eq!(
            [text(0.60512), text(1200.0), text(2.5e-7), text(-100.25), text(0.0)],
            ["0.6051", "1200", "2.50e-7", "-100.2", "0"]
        );
        assert_eq!(text(f64::INFINITY), "1.00e300");
    }
}
