//! Scores of models as bars with intervals.

use crate::{
    interval::Interval,
    svg::draw::{
        axis::{self, Axis},
        canvas::{Anchor, Canvas, LABEL_PX, Label, Stroke, TICK_PX},
        colors::{self, AXIS, INK, SOFT},
        frame::{self, Draw, Place},
        geometry::{Margins, Rect, Size},
        range::Range,
        text,
    },
    table::Cell,
};

/// The largest width of names beside bars.
const NAME_ROOM: f64 = 190.0;
const ROW: f64 = 26.0;

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its name, to the left of the bar.
    pub name: String,
    /// Its length; `None` leaves the row empty.
    pub value: Option<f64>,
    /// An interval, drawn as a whisker.
    pub interval: Option<Interval>,
}

impl Bar {
    /// A bar; value and interval may be missing.
    pub fn new(
        name: impl Into<String>,
        value: impl Into<Option<f64>>,
        interval: impl Into<Option<Interval>>,
    ) -> Self {
        Self { name: name.into(), value: value.into(), interval: interval.into() }
    }

    fn value(&self) -> Option<f64> {
        self.value.filter(|v| v.is_finite())
    }

    fn interval(&self) -> Option<Interval> {
        self.interval.filter(|i| i.is_finite())
    }
}

/// Horizontal bars from 0, one per row, with interval whiskers and the numbers to the right.
///
/// ```
/// use statenet_report::{Bar, Bars, Interval};
/// let bars = [Bar::new("ln", 0.49, Interval::new(0.45, 0.53)), Bar::new("ridge", None, None)];
/// assert!(Bars::new("Test score", "CCnorm", bars).render().as_str().contains("0.490"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The quantity that bars show, with its unit if it has one.
    pub score: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
    /// Width of the plot area, px; the height depends on the number of bars.
    pub width: f64,
}

impl Bars {
    /// Bars of a score.
    pub fn new(
        title: impl Into<String>,
        score: impl Into<String>,
        bars: impl IntoIterator<Item = Bar>,
    ) -> Self {
        Self { title: title.into(), score: score.into(), bars: bars.into_iter().collect(), width: 420.0 }
    }

    fn range(&self) -> Range {
        Range::from_zero(self.bars.iter().flat_map(|bar| {
            let interval = bar.interval();
            [bar.value(), interval.map(|i| i.low), interval.map(|i| i.high)].into_iter().flatten()
        }))
    }

    /// Decimals of the numbers beside the bars: three for scores, none for numbers in the hundreds.
    fn decimals(&self) -> usize {
        let largest = self.bars.iter().filter_map(Bar::value).fold(0.0f64, |most, x| most.max(x.abs()));
        if largest >= 100.0 { 0 } else { 3 }
    }
}

impl Draw for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let decimals = self.decimals();
        let one = |bar: &Bar| format!("{} {}", bar.name, number(bar, decimals));
        let all: Vec<String> = self.bars.iter().map(one).collect();
        format!("Bars of {}: {}.", self.score, all.join(", "))
    }

    fn plot(&self) -> Size {
        Size::new(self.width, ROW * self.bars.len().max(2) as f64)
    }

    fn room(&self, x_labels: bool) -> Margins {
        let numbers = self.bars.iter().map(|bar| text::width(&number(bar, self.decimals()), TICK_PX));
        Margins {
            top: 0.0,
            right: numbers.fold(axis::RIGHT_ROOM, |most, w| most.max(w + 14.0)),
            bottom: axis::x_room(x_labels),
            left: name_room(self.bars.iter().map(|bar| bar.name.as_str())),
        }
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.bars.is_empty() {
            return frame::no_data(canvas, plot);
        }
        let range = self.range();
        Axis::linear(self.score.as_str(), range, plot.width, 70.0).draw_x(canvas, place, true);
        let x = |value: f64| plot.across(range.place(value));
        let row = plot.height / self.bars.len() as f64;
        let decimals = self.decimals();
        for (i, bar) in self.bars.iter().enumerate() {
            let middle = plot.y + row * (i as f64 + 0.5);
            row_name(canvas, &bar.name, plot, middle);
            let (color, _) = colors::series(1);
            if let Some(value) = bar.value() {
                let (a, b) = (x(0.0).min(x(value)), x(0.0).max(x(value)));
                let title = format!("{}: {}", bar.name, number(bar, decimals));
                canvas.rect_titled(Rect::new(a, middle - row * 0.3, b - a, row * 0.6), color, 0.75, &title);
            }
            if let Some(interval) = bar.interval() {
                whisker(canvas, x(interval.low), x(interval.high), middle);
            }
            let label = Label::new("", plot.right() + 10.0, middle + 4.0, Anchor::Start, TICK_PX);
            canvas.text(Label { text: &number(bar, decimals), ..label.color(SOFT) });
        }
        canvas.line((x(0.0), plot.y), (x(0.0), plot.bottom()), Stroke::solid(AXIS, 1.0));
    }
}

/// Room for row names left of a plot.
pub(super) fn name_room<'a>(names: impl IntoIterator<Item = &'a str>) -> f64 {
    let widest = names.into_iter().map(|name| text::width(name, LABEL_PX));
    widest.fold(0.0, f64::max).min(NAME_ROOM) + 14.0
}

/// Writes the name of a row left of a plot.
pub(super) fn row_name(canvas: &mut Canvas, name: &str, plot: Rect, middle: f64) {
    let label = Label::new(name, plot.x - 8.0, middle + 4.0, Anchor::End, LABEL_PX);
    canvas.text(label.room(NAME_ROOM));
}

fn number(bar: &Bar, decimals: usize) -> String {
    Cell::estimate(bar.value(), bar.interval(), decimals).to_string()
}

fn whisker(canvas: &mut Canvas, from: f64, to: f64, y: f64) {
    let ink = Stroke::solid(INK, 1.3);
    canvas.line((from, y), (to, y), ink);
    for end in [from, to] {
        canvas.line((end, y - 4.0), (end, y + 4.0), ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_one_is_this() {
        let bars = [Bar::new("ln", 0.49, Interval::new(0.45, 0.53)), Bar::new("<script>", f64::NAN, None)];
        insta::assert_snapshot!(Bars::new("Test score", "CCnorm", bars).render().as_str());
    }
}
