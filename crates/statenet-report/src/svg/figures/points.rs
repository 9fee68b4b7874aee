//! Scores against a number on a logarithmic axis: parameters, seconds of training sounds, the length of a window.

use crate::{
    interval::Interval,
    svg::draw::{
        axis::Axis,
        canvas::{Anchor, Canvas, Label, Stroke, TICK_PX},
        colors::{self, SOFT},
        frame::{self, Draw, Place},
        geometry::{Margins, Rect, Size},
        legend::{self, Entry},
        line,
        range::Range,
        text,
        ticks::{self, Tick},
    },
};

/// One point of a [`PointSeries`].
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its name, beside the point where there is room, else shown when pointed at; empty for none.
    pub name: String,
    /// Its place on the horizontal axis, above 0; a point elsewhere is not drawn.
    pub x: f64,
    /// Its place on the vertical axis; `None` is not drawn.
    pub y: Option<f64>,
    /// An interval of it, drawn as a line.
    pub interval: Option<Interval>,
}

impl Point {
    /// A point without an interval.
    pub fn new(name: impl Into<String>, x: f64, y: impl Into<Option<f64>>) -> Self {
        Self { name: name.into(), x, y: y.into(), interval: None }
    }

    /// The decimal logarithm of x, and y.
    fn finite(&self) -> Option<(f64, f64)> {
        let y = self.y.filter(|y| y.is_finite())?;
        (self.x > 0.0 && self.x.is_finite()).then(|| (self.x.log10(), y))
    }

    fn interval(&self) -> Option<Interval> {
        self.interval.filter(|interval| interval.is_finite())
    }
}

/// Points of one colour.
#[derive(Clone, Debug, PartialEq)]
pub struct PointSeries {
    /// Its name in the legend.
    pub name: String,
    /// Whether neighbours are joined by lines.
    pub joined: bool,
    /// The points, from left to right if they are joined.
    pub points: Vec<Point>,
}

impl PointSeries {
    /// Points that are not joined.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = Point>) -> Self {
        Self { name: name.into(), joined: false, points: points.into_iter().collect() }
    }

    /// Points that are joined, in their order.
    pub fn joined(name: impl Into<String>, points: impl IntoIterator<Item = Point>) -> Self {
        Self { joined: true, ..Self::new(name, points) }
    }
}

/// Points against a positive number on a logarithmic axis, of one or more series.
///
/// ```
/// use statenet_report::{Point, PointSeries, Points};
/// let models = [Point::new("ln", 5_000.0, 0.61), Point::new("gru", 32_000.0, 0.74)];
/// let figure = Points::new("", "Parameters", "CCnorm", [PointSeries::new("demo", models)]);
/// assert!(figure.render().as_str().contains("gru: 32000, 0.740"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Points {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Label of the horizontal axis: quantity and unit.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// The series, drawn in this order.
    pub series: Vec<PointSeries>,
    /// Size of the plot area.
    pub size: Size,
}

impl Points {
    /// Points of some series.
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
        series: impl IntoIterator<Item = PointSeries>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            series: series.into_iter().collect(),
            size: Size::new(560.0, 300.0),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(|series| &series.points).filter(|point| point.finite().is_some())
    }

    /// Of logarithms.
    fn x_range(&self) -> Range {
        let places = self.all().filter_map(|point| point.finite().map(|(x, _)| x));
        Range::of(places).map_or(Range::new(0.0, 1.0), Range::padded)
    }

    fn y_range(&self) -> Range {
        let ends = |point: &Point| {
            let interval = point.interval();
            [point.finite().map(|(_, y)| y), interval.map(|i| i.low), interval.map(|i| i.high)]
        };
        Range::of(self.all().flat_map(ends).flatten()).map_or(Range::new(0.0, 1.0), Range::padded)
    }

    fn y_axis(&self) -> Axis {
        Axis::linear(self.y_label.as_str(), self.y_range(), self.size.sane().height, 40.0)
    }

    fn x_axis(&self) -> Axis {
        let range = self.x_range();
        let tick = |value: f64| Tick { at: range.place(value.log10()), label: short(value) };
        let numbers = ticks::log_numbers(10f64.powf(range.low), 10f64.powf(range.high));
        Axis { label: self.x_label.clone(), ticks: numbers.into_iter().map(tick).collect() }
    }

    /// A single series of points with names needs no legend.
    fn legend(&self) -> Vec<Entry> {
        if self.series.len() < 2 && !self.series.iter().any(|series| series.joined) {
            return Vec::new();
        }
        let entry =
            |(i, series): (usize, &PointSeries)| Entry { name: series.name.clone(), stroke: stroke(i) };
        self.series.iter().enumerate().map(entry).collect()
    }
}

fn stroke(i: usize) -> Stroke {
    let (color, dashed) = colors::series(i + 1);
    Stroke { color, width: 1.6, dashed }
}

/// A number of the axis: 200, 5k, 2M.
fn short(value: f64) -> String {
    let (scale, unit) = match value {
        v if v >= 1e12 => return format!("{v:.0e}"),
        v if v >= 1e9 => (1e9, "G"),
        v if v >= 1e6 => (1e6, "M"),
        v if v >= 1e3 => (1e3, "k"),
        v if v < 1e-3 => return format!("{v:.0e}"),
        _ => (1.0, ""),
    };
    let text = format!("{:.3}", value / scale);
    format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
}

impl Draw for Points {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let drawn =
            |series: &PointSeries| series.points.iter().filter(|point| point.finite().is_some()).count();
        let all: Vec<String> =
            self.series.iter().map(|series| format!("{} {} points", series.name, drawn(series))).collect();
        format!("{} against {} on a logarithmic axis: {}.", self.y_label, self.x_label, all.join(", "))
    }

    fn plot(&self) -> Size {
        self.size
    }

    fn room(&self, x_labels: bool) -> Margins {
        self.y_axis().room(x_labels)
    }

    fn legend_room(&self) -> f64 {
        legend::height(&self.legend(), self.size.sane().width)
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.all().next().is_none() {
            return frame::no_data(canvas, plot);
        }
        let (xs, ys) = (self.x_range(), self.y_range());
        self.y_axis().draw_y(canvas, place, true);
        self.x_axis().draw_x(canvas, place, true);
        let at = |point: &Point| {
            let (x, y) = point.finite()?;
            Some((plot.across(xs.place(x)), plot.up(ys.place(y))))
        };
        let mut taken: Vec<Rect> =
            self.all().filter_map(at).map(|(x, y)| Rect::new(x - 4.0, y - 4.0, 8.0, 8.0)).collect();
        for (n, series) in self.series.iter().enumerate() {
            let stroke = stroke(n);
            if series.joined {
                canvas.path(&line::path(&line::runs(series.points.iter().map(at)), 6.0), stroke);
            }
            for point in &series.points {
                let Some((x, y)) = at(point) else { continue };
                if let Some(interval) = point.interval() {
                    let ends = [interval.low, interval.high].map(|end| (x, plot.up(ys.place(end))));
                    canvas.line(ends[0], ends[1], Stroke::solid(stroke.color, 1.0));
                }
                let said = format!("{}: {}, {:.3}", point.name, point.x, point.y.unwrap_or(f64::NAN));
                canvas.dot((x, y), 3.5, stroke.color, &said);
                write_name(canvas, &point.name, (x, y), (plot.x, place.outer.right()), &mut taken);
            }
        }
        legend::draw(canvas, &self.legend(), plot.y, plot.x, self.size.sane().width);
    }
}

/// Writes the name of a point to its right or left, unless it would lie on what is there.
fn write_name(
    canvas: &mut Canvas,
    name: &str,
    (x, y): (f64, f64),
    (leftmost, rightmost): (f64, f64),
    taken: &mut Vec<Rect>,
) {
    if name.is_empty() {
        return;
    }
    let width = text::width(name, TICK_PX);
    let (right, left) =
        (Rect::new(x + 7.0, y - 6.0, width, 12.0), Rect::new(x - 7.0 - width, y - 6.0, width, 12.0));
    let is_free = |place: &Rect| {
        let apart = |other: &Rect| {
            place.right() <= other.x
                || other.right() <= place.x
                || place.bottom() <= other.y
                || other.bottom() <= place.y
        };
        place.x >= leftmost && place.right() <= rightmost && taken.iter().all(apart)
    };
    let label = if is_free(&right) {
        taken.push(right);
        Label::new(name, right.x, y + 4.0, Anchor::Start, TICK_PX)
    } else if is_free(&left) {
        taken.push(left);
        Label::new(name, left.right(), y + 4.0, Anchor::End, TICK_PX)
    } else {
        return;
    };
    canvas.text(label.color(SOFT));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_axis_are_short() {
        assert_eq!(
            [0.05, 200.0, 5_000.0, 2e6, 1e10, 2e-5].map(short),
            ["0.05", "200", "5k", "2M", "10G", "2e-5"]
        );
    }

    #[test]
    fn what_has_no_place_is_not_drawn_and_names_do_not_lie_on_each_other() {
        let points = [
            Point::new("first", 100.0, 0.5),
            Point::new("second", 1_000.0, 0.5),
            Point::new("hidden", 1_001.0, 0.5),
            Point::new("hidden too", 1_002.0, 0.5),
            Point::new("far", 10_000.0, 0.9),
            Point::new("none", 0.0, 0.5),
            Point::new("missing", 50.0, None),
        ];
        let svg = Points::new("", "Parameters", "CCnorm", [PointSeries::new("", points)]).render();
        let svg = svg.as_str();
        assert!([">first<", ">second<", ">far<"].iter().all(|name| svg.contains(name)), "{svg}");
        assert!(!svg.contains(">hidden too<") && svg.contains("hidden too: 1002, 0.500"), "{svg}");
        assert!(!svg.contains("none: ") && !svg.contains("missing: "), "{svg}");
        assert!(svg.contains("5 points"), "{svg}");
    }

    #[test]
    fn series_are_named_in_a_legend_and_joined() {
        let series =
            |name: &str| PointSeries::joined(name, [Point::new("", 1.0, 0.2), Point::new("", 10.0, 0.4)]);
        let svg = Points::new("", "Window (ms)", "CCnorm", [series("ln"), series("gru")]).render();
        assert!(svg.as_str().contains(">ln<") && svg.as_str().contains(">gru<"));
        let one = Points::new("", "Window (ms)", "CCnorm", [series("ln")]).render();
        assert!(one.as_str().contains(">ln<"));
    }
}
