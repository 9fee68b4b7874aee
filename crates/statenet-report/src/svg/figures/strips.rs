//! Scores of every neuron, a row per model.

use crate::svg::draw::{
    axis::{self, Axis},
    canvas::{Anchor, Canvas, Label, Stroke, TICK_PX},
    colors::{self, AXIS, INK, SOFT},
    frame::{self, Draw, Place},
    geometry::{Margins, Size},
    range::Range,
    text, ticks,
};

use super::{
    bars::{name_room, row_name},
    histogram::{finite, median, quantile},
};

const ROW: f64 = 34.0;

/// One row of [`Strips`].
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// Name of the row, to its left.
    pub name: String,
    /// A number per neuron.
    pub values: Vec<Option<f64>>,
}

impl Strip {
    /// A row of scores.
    pub fn new(name: impl Into<String>, values: impl IntoIterator<Item = Option<f64>>) -> Self {
        Self { name: name.into(), values: values.into_iter().collect() }
    }
}

/// One row per model with a dot for each neuron, the median (vertical line) and the interquartile range (thick line).
///
/// ```
/// use statenet_report::{Strip, Strips};
/// let rows = [Strip::new("ln", [Some(0.4), Some(0.5)]), Strip::new("gru", [Some(0.8), None])];
/// assert!(Strips::new("Test score", "CCnorm", rows).render().as_str().contains("median 0.45"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Strips {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The quantity, with its unit.
    pub score: String,
    /// The rows, from top to bottom.
    pub strips: Vec<Strip>,
    /// Width of the plot area, px; the height depends on the number of rows.
    pub width: f64,
}

impl Strips {
    /// Rows of scores.
    pub fn new(
        title: impl Into<String>,
        score: impl Into<String>,
        strips: impl IntoIterator<Item = Strip>,
    ) -> Self {
        Self { title: title.into(), score: score.into(), strips: strips.into_iter().collect(), width: 420.0 }
    }

    fn range(&self) -> Range {
        let values = self.strips.iter().flat_map(|s| finite(&s.values));
        Range::from_zero(values)
    }

    fn note(&self, strip: &Strip) -> String {
        match median(&finite(&strip.values)) {
            Some(median) => format!("median {}", ticks::label(median, self.range().span() / 200.0)),
            None => "no values".to_string(),
        }
    }
}

impl Draw for Strips {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let one = |strip: &Strip| {
            let n = finite(&strip.values).len();
            format!("{} {} of {n}", strip.name, self.note(strip))
        };
        let all: Vec<String> = self.strips.iter().map(one).collect();
        format!("{} per neuron: {}.", self.score, all.join(", "))
    }

    fn plot(&self) -> Size {
        Size::new(self.width, ROW * self.strips.len().max(2) as f64)
    }

    fn room(&self, x_labels: bool) -> Margins {
        let notes = self.strips.iter().map(|s| text::width(&self.note(s), TICK_PX));
        Margins {
            top: 0.0,
            right: notes.fold(axis::RIGHT_ROOM, |most, w| most.max(w + 14.0)),
            bottom: axis::x_room(x_labels),
            left: name_room(self.strips.iter().map(|s| s.name.as_str())),
        }
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.strips.is_empty() {
            return frame::no_data(canvas, plot);
        }
        let range = self.range();
        Axis::linear(self.score.as_str(), range, plot.width, 70.0).draw_x(canvas, place, true);
        let x = |value: f64| plot.across(range.place(value));
        let row = plot.height / self.strips.len() as f64;
        for (i, strip) in self.strips.iter().enumerate() {
            let middle = plot.y + row * (i as f64 + 0.5);
            row_name(canvas, &strip.name, plot, middle);
            let values = finite(&strip.values);
            for (n, &value) in values.iter().enumerate() {
                let at = (x(value), middle + spread(n) * row * 0.3);
                canvas.dot(at, 2.6, colors::series(1).0, "");
            }
            if let (Some(low), Some(high)) = (quantile(&values, 0.25), quantile(&values, 0.75)) {
                canvas.line((x(low), middle), (x(high), middle), Stroke::solid(INK, 3.0));
            }
            if let Some(median) = median(&values) {
                let (a, b) = (middle - row * 0.34, middle + row * 0.34);
                canvas.line((x(median), a), (x(median), b), Stroke::solid(INK, 2.0));
            }
            let note = self.note(strip);
            canvas.text(
                Label::new(&note, plot.right() + 10.0, middle + 4.0, Anchor::Start, TICK_PX).color(SOFT),
            );
        }
        canvas.line((x(0.0), plot.y), (x(0.0), plot.bottom()), Stroke::solid(AXIS, 1.0));
    }
}

/// Vertical jitter between -1 and 1 that spreads neighbouring dots evenly (multiples of the golden ratio), so that dots with
/// equal scores do not hide each other.
fn spread(n: usize) -> f64 {
    (n as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_values_says_so() {
        let rows = [Strip::new("ln", [None, Some(f64::NAN)]), Strip::new("gru", [Some(0.5)])];
        let svg = Strips::new("", "CCnorm", rows).render();
        assert!(svg.as_str().contains("no values") && svg.as_str().contains("median 0.5"));
        assert_eq!(svg.as_str().matches("<circle").count(), 1);
    }
}
