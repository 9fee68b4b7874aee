//! Points, sizes and boxes, in px of the figure's natural size, with y downwards.

use std::fmt;

/// Width and height of a plot area, in px of the figure's natural size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Size {
    /// A size. When a figure is drawn, width and height are clamped to 20 to 4000 px.
    #[must_use]
    pub const fn new(width: f64, height: f64) -> Self {
        Self { width, height }
    }

    /// This size clamped to 20 to 4000 px, so that any number gives a figure.
    pub(crate) fn sane(self) -> Self {
        let bound = |x: f64| {
            if x.is_finite() { x.clamp(20.0, 4000.0) } else { 20.0 }
        };
        Self::new(bound(self.width), bound(self.height))
    }
}

/// A box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Rect {
    pub(crate) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    pub(crate) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(crate) fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub(crate) fn middle(self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The x at a fraction of the width, from the left.
    pub(crate) fn across(self, fraction: f64) -> f64 {
        self.x + self.width * fraction
    }

    /// The y at a fraction of the height, from the bottom.
    pub(crate) fn up(self, fraction: f64) -> f64 {
        self.y + self.height * (1.0 - fraction)
    }
}

/// Room around a plot area for title, axes, legend and colour bar.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Margins {
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) left: f64,
}

impl Margins {
    /// The larger margin on each side.
    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            top: self.top.max(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            left: self.left.max(other.left),
        }
    }
}

/// A coordinate as text with at most two decimals; never NaN.
#[derive(Clone, Copy)]
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_assert!(self.0.is_finite(), "coordinates are finite: ranges are");
        let hundredths = (self.0 * 100.0).round();
        if !hundredths.is_finite() || hundredths == 0.0 {
            return f.write_str("0");
        }
        let text = format!("{:.2}", hundredths / 100.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        let text = |x: f64| Px(x).to_string();
        assert_eq!(
            [text(10.0), text(1.5), text(2.0 / 3.0), text(-0.001), text(100.0)],
            ["10", "1.5", "0.67", "0", "100"]
        );
    }

    #[test]
    fn any_size_is_made_sane() {
        assert_eq!(Size::new(f64::NAN, 1e9).sane(), Size::new(20.0, 4000.0));
    }
}
