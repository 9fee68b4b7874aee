//! Curves over epochs, lags or frequencies, for training, memory and tuning.

use statenet_core::{Hertz, TimeBin};

use crate::{
    interval::Interval,
    svg::draw::{
        axis::Axis,
        canvas::{Anchor, Canvas, Label, Stroke, TICK_PX},
        colors::{self, AXIS, SOFT},
        frame::{self, Draw, Place},
        geometry::{Margins, Rect, Size},
        legend::{self, Entry},
        line,
        range::Range,
        text,
        ticks::{self, Tick},
    },
};

/// The horizontal axis of a [`Curve`].
#[derive(Clone, Debug, PartialEq)]
pub enum CurveAxis {
    /// Epochs; the first value is that of epoch `first`.
    Epochs {
        /// Number of the first epoch, 0 or 1.
        first: usize,
    },
    /// Lags from 0, in steps of one bin.
    Lags(TimeBin),
    /// Frequencies, on a logarithmic axis.
    Frequencies(Vec<Hertz>),
    /// Numbers of equal distance, such as lags that begin below 0.
    Numbers {
        /// Label of the axis: quantity and unit.
        label: String,
        /// The number of the first value.
        first: f64,
        /// The distance of two.
        step: f64,
    },
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Values along the axis; NaN leaves a gap.
    pub values: Vec<f64>,
    /// An interval around each value, drawn as a ribbon; empty for none.
    pub intervals: Vec<Option<Interval>>,
}

impl Curve {
    /// A curve without intervals.
    pub fn new<A: Into<f64>>(name: impl Into<String>, values: impl IntoIterator<Item = A>) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
            intervals: Vec::new(),
        }
    }
}

/// Curves over a common axis, with an optional mark.
///
/// ```
/// use statenet_report::Curves;
/// let mut figure = Curves::by_epoch("statenet-gru", "Validation CCnorm", [("seed 0", [0.2, 0.5, 0.4])]);
/// figure.marked = Some(1);
/// assert!(figure.render().as_str().contains("best: epoch 2"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Label of the vertical axis: quantity and unit.
    pub y_label: String,
    /// The horizontal axis.
    pub axis: CurveAxis,
    /// The curves, drawn in this order.
    pub curves: Vec<Curve>,
    /// Index of a value to mark, such as the best epoch or the best frequency.
    pub marked: Option<usize>,
    /// Size of the plot area.
    pub size: Size,
}

impl Curves {
    /// Curves over an axis.
    pub fn new(
        title: impl Into<String>,
        y_label: impl Into<String>,
        axis: CurveAxis,
        curves: impl IntoIterator<Item = Curve>,
    ) -> Self {
        Self {
            title: title.into(),
            y_label: y_label.into(),
            axis,
            curves: curves.into_iter().collect(),
            marked: None,
            size: Size::new(480.0, 150.0),
        }
    }

    /// Curves over epochs, counted from 1, given as names and values.
    pub fn by_epoch<N: Into<String>, V: IntoIterator<Item = f64>>(
        title: impl Into<String>,
        y_label: impl Into<String>,
        curves: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let curves = curves.into_iter().map(|(name, values)| Curve::new(name, values));
        Self::new(title, y_label, CurveAxis::Epochs { first: 1 }, curves)
    }

    fn n(&self) -> usize {
        let longest = self.curves.iter().map(|c| c.values.len()).max().unwrap_or(0);
        match &self.axis {
            CurveAxis::Frequencies(hertz) => longest.min(hertz.len()),
            _ => longest,
        }
    }

    /// The horizontal coordinate of a value: epoch, lag in ms, or log2 of Hz.
    fn coordinate(&self, index: usize) -> Option<f64> {
        match &self.axis {
            CurveAxis::Epochs { first } => Some((first + index) as f64),
            CurveAxis::Lags(dt) => Some(dt.times(index).ms()),
            CurveAxis::Frequencies(hertz) => hertz.get(index).map(|f| f.hz().log2()),
            CurveAxis::Numbers { first, step, .. } => Some(first + index as f64 * step),
        }
    }

    fn x_range(&self) -> Range {
        Range::of((0..self.n()).filter_map(|i| self.coordinate(i))).unwrap_or(Range::new(0.0, 1.0))
    }

    fn x_axis(&self, width: f64) -> Axis {
        let range = self.x_range();
        let max = (width / 60.0) as usize;
        match &self.axis {
            CurveAxis::Epochs { .. } => Axis { label: "Epoch".to_string(), ticks: ticks::whole(range, max) },
            CurveAxis::Lags(_) => Axis::linear("Lag (ms)", range, width, 60.0),
            CurveAxis::Numbers { label, first, step } if first.fract() == 0.0 && *step == 1.0 => {
                Axis { label: label.clone(), ticks: ticks::whole(range, max) }
            }
            CurveAxis::Numbers { label, .. } => Axis::linear(label.as_str(), range, width, 60.0),
            CurveAxis::Frequencies(_) => Axis {
                label: "Frequency (kHz)".to_string(),
                ticks: ticks::log_numbers(range.low.exp2(), range.high.exp2())
                    .into_iter()
                    .map(|hz| Tick { at: range.place(hz.log2()), label: ticks::kilohertz(hz) })
                    .collect(),
            },
        }
    }

    fn y_range(&self) -> Range {
        let values = self.curves.iter().flat_map(|c| c.values.iter().copied());
        let ends = self.curves.iter().flat_map(|c| {
            let finite = c.intervals.iter().flatten().filter(|i| i.is_finite());
            finite.flat_map(|i| [i.low, i.high])
        });
        Range::of(values.chain(ends)).map_or(Range::new(0.0, 1.0), Range::padded)
    }

    fn y_axis(&self) -> Axis {
        Axis::linear(self.y_label.as_str(), self.y_range(), self.size.sane().height, 34.0)
    }

    fn mark(&self) -> Option<(f64, String)> {
        let index = self.marked.filter(|&i| i < self.n())?;
        let name = match &self.axis {
            CurveAxis::Epochs { first } => format!("best: epoch {}", first + index),
            CurveAxis::Lags(dt) => format!("{} ms", dt.times(index).ms()),
            CurveAxis::Frequencies(hertz) => format!("{} kHz", ticks::kilohertz(hertz.get(index)?.hz())),
            CurveAxis::Numbers { first, step, .. } => format!("{}", first + index as f64 * step),
        };
        Some((self.coordinate(index)?, name))
    }

    /// Height of the mark's label above the plot.
    fn mark_room(&self) -> f64 {
        if self.mark().is_some() { 14.0 } else { 0.0 }
    }

    /// A single curve needs no legend, since the axis label names it.
    fn legend(&self) -> Vec<Entry> {
        if self.curves.len() < 2 {
            return Vec::new();
        }
        let entry = |(i, curve): (usize, &Curve)| Entry { name: curve.name.clone(), stroke: stroke(i) };
        self.curves.iter().enumerate().map(entry).collect()
    }

    fn draw_mark(&self, canvas: &mut Canvas, plot: Rect) {
        let Some((coordinate, name)) = self.mark() else {
            return;
        };
        let x = plot.across(self.x_range().place(coordinate));
        canvas.line((x, plot.y), (x, plot.bottom()), Stroke::dashed(AXIS, 1.0));
        // The label is above the plot, where no curve crosses it, but within its width.
        let half = text::width(&name, TICK_PX) / 2.0;
        let middle = x.min(plot.right() - half).max(plot.x + half);
        canvas.text(
            Label::new(&name, middle, plot.y - 4.0, Anchor::Middle, TICK_PX).color(SOFT).room(plot.width),
        );
    }
}

fn stroke(i: usize) -> Stroke {
    let (color, dashed) = colors::series(i + 1);
    Stroke { color, width: 1.6, dashed }
}

impl Draw for Curves {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        if self.n() == 0 {
            return format!("{}: curves without data.", self.y_label);
        }
        let names: Vec<&str> = self.curves.iter().map(|c| c.name.as_str()).collect();
        let over = match self.axis {
            CurveAxis::Epochs { .. } => "epochs",
            CurveAxis::Lags(_) => "lags",
            CurveAxis::Numbers { .. } => "numbers",
            CurveAxis::Frequencies(_) => "frequencies",
        };
        let mark = self.mark().map_or(String::new(), |(_, name)| format!("; {name}"));
        format!("{} over {} {over}: {}{mark}.", self.y_label, self.n(), names.join(", "))
    }

    fn plot(&self) -> Size {
        self.size
    }

    fn room(&self, x_labels: bool) -> Margins {
        self.y_axis().room(x_labels)
    }

    fn legend_room(&self) -> f64 {
        legend::height(&self.legend(), self.size.sane().width) + self.mark_room()
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.n() == 0 {
            return frame::no_data(canvas, plot);
        }
        let (xs, ys) = (self.x_range(), self.y_range());
        self.y_axis().draw_y(canvas, place, true);
        self.x_axis(plot.width).draw_x(canvas, place, false);
        let at = |i: usize, value: Option<f64>| {
            let value = value.filter(|v| v.is_finite())?;
            Some((plot.across(xs.place(self.coordinate(i)?)), plot.up(ys.place(value))))
        };
        for (n, curve) in self.curves.iter().enumerate() {
            let stroke = stroke(n);
            let end = |pick: fn(Interval) -> f64| {
                let intervals = curve.intervals.iter().take(self.n()).enumerate();
                line::runs(intervals.map(|(i, interval)| {
                    let interval = interval.filter(|v| v.is_finite());
                    at(i, interval.map(pick))
                }))
            };
            canvas.area(&line::ribbon(&end(|i| i.low), &end(|i| i.high)), stroke.color, 0.18);
            let values = curve.values.iter().take(self.n()).enumerate();
            let runs = line::runs(values.map(|(i, &v)| at(i, Some(v))));
            canvas.path(&line::path(&runs, 6.0), stroke);
        }
        self.draw_mark(canvas, plot);
        legend::draw(canvas, &self.legend(), plot.y - self.mark_room(), plot.x, self.size.sane().width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_may_be_epochs_lags_or_frequencies() {
        let dt = TimeBin::from_millis(5.0).unwrap();
        let hertz: Vec<Hertz> = [1000.0, 2000.0, 4000.0].map(|f| Hertz::new(f).unwrap()).to_vec();
        let labels = |axis| {
            let curve = Curve::new("a", [1.0, 3.0, 2.0]);
            let mut figure = Curves::new("", "y", axis, [curve]);
            figure.marked = Some(1);
            let axis = figure.x_axis(480.0);
            let ticks: Vec<String> = axis.ticks.into_iter().map(|t| t.label).collect();
            (axis.label, ticks.join(" "), figure.mark().unwrap().1)
        };
        let expected = |a: &str, b: &str, c: &str| (a.to_string(), b.to_string(), c.to_string());
        assert_eq!(labels(CurveAxis::Epochs { first: 0 }), expected("Epoch", "0 1 2", "best: epoch 1"));
        assert_eq!(labels(CurveAxis::Lags(dt)), expected("Lag (ms)", "0 2 4 6 8 10", "5 ms"));
        assert_eq!(labels(CurveAxis::Frequencies(hertz)), expected("Frequency (kHz)", "1 2", "2 kHz"));
    }

    #[test]
    fn a_small_one_is_this() {
        let mut curve = Curve::new("val", [0.2, 0.5, f64::NAN]);
        curve.intervals = vec![Some(Interval::new(0.1, 0.3)), Some(Interval::new(0.4, 0.6)), None];
        let other = Curve::new("train", [0.6]);
        let mut figure = Curves::new("", "CCnorm", CurveAxis::Epochs { first: 1 }, [curve, other]);
        figure.marked = Some(1);
        insta::assert_snapshot!(figure.render().as_str());
    }
}
