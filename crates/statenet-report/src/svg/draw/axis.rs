//! Axes: a line, ticks at round numbers with labels, and the quantity with its unit.

use super::{
    canvas::{Anchor, Canvas, LABEL_PX, Label, Stroke, TICK_PX},
    colors::{AXIS, GRID, SOFT},
    frame::Place,
    geometry::Margins,
    range::Range,
    text,
    ticks::{self, Tick},
};

/// Room below a plot for tick labels and the axis label.
pub(crate) const X_ROOM: f64 = 40.0;
/// Room below a plot whose horizontal axis is labelled on another figure.
pub(crate) const X_ROOM_UNLABELLED: f64 = 8.0;
/// Room right of a plot for half of the last tick label.
pub(crate) const RIGHT_ROOM: f64 = 20.0;

/// A labelled axis.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) ticks: Vec<Tick>,
}

impl Axis {
    /// A linear axis of `length` px with a tick about every `spacing` px.
    pub(crate) fn linear(label: impl Into<String>, range: Range, length: f64, spacing: f64) -> Self {
        Self { label: label.into(), ticks: ticks::linear(range, (length / spacing) as usize) }
    }

    /// A time axis, given in ms; from two seconds on it is labelled in s.
    pub(crate) fn time(range: Range, length: f64) -> Self {
        let (unit, scale) = if range.span() >= 2000.0 { ("Time (s)", 1000.0) } else { ("Time (ms)", 1.0) };
        let range = Range::new(range.low / scale, range.high / scale);
        Self::linear(unit, range, length, 80.0)
    }

    /// Room around a plot with this vertical axis; `x_labels` says whether the horizontal axis is labelled.
    pub(crate) fn room(&self, x_labels: bool) -> Margins {
        Margins { top: 0.0, right: RIGHT_ROOM, bottom: x_room(x_labels), left: self.y_room() }
    }

    /// Room that this axis needs left of a plot.
    pub(crate) fn y_room(&self) -> f64 {
        let widest = self.ticks.iter().map(|t| text::width(&t.label, TICK_PX));
        let label = if self.label.is_empty() { 0.0 } else { 18.0 };
        widest.fold(0.0, f64::max) + 8.0 + label + 2.0
    }

    /// Draws this axis left of the plot, with faint lines across it if `grid`.
    pub(crate) fn draw_y(&self, canvas: &mut Canvas, place: &Place, grid: bool) {
        let plot = place.plot;
        let axis = Stroke::solid(AXIS, 1.0);
        let mut lowest_free = f64::INFINITY;
        for tick in &self.ticks {
            let y = plot.up(tick.at);
            if grid {
                canvas.line((plot.x, y), (plot.right(), y), Stroke::solid(GRID, 1.0));
            }
            canvas.line((plot.x - 4.0, y), (plot.x, y), axis);
            // Logarithmic ticks can be dense: skip labels that would overlap.
            if y <= lowest_free {
                let label = Label::new(&tick.label, plot.x - 6.0, y + 4.0, Anchor::End, TICK_PX);
                canvas.text(label.color(SOFT));
                lowest_free = y - TICK_PX - 1.0;
            }
        }
        canvas.line((plot.x, plot.y), (plot.x, plot.bottom()), axis);
        if !self.label.is_empty() {
            let (_, middle) = plot.middle();
            let room = 2.0 * (middle - place.outer.y).min(place.outer.bottom() - middle);
            let x = plot.x - self.y_room() + 13.0;
            canvas.text(Label::new(&self.label, x, middle, Anchor::Middle, LABEL_PX).upright().room(room));
        }
    }

    /// Draws this axis below the plot, with faint lines across it if `grid`, and with labels if the place asks for them.
    pub(crate) fn draw_x(&self, canvas: &mut Canvas, place: &Place, grid: bool) {
        let plot = place.plot;
        let axis = Stroke::solid(AXIS, 1.0);
        let mut left_free = f64::NEG_INFINITY;
        for tick in &self.ticks {
            let x = plot.across(tick.at);
            if grid {
                canvas.line((x, plot.y), (x, plot.bottom()), Stroke::solid(GRID, 1.0));
            }
            canvas.line((x, plot.bottom()), (x, plot.bottom() + 4.0), axis);
            let half = text::width(&tick.label, TICK_PX) / 2.0;
            let (least, most) = (place.outer.x + half, place.outer.right() - half);
            let middle = x.min(most).max(least);
            if place.x_labels && middle - half >= left_free {
                let label = Label::new(&tick.label, middle, plot.bottom() + 16.0, Anchor::Middle, TICK_PX);
                canvas.text(label.color(SOFT));
                left_free = middle + half + 4.0;
            }
        }
        canvas.line((plot.x, plot.bottom()), (plot.right(), plot.bottom()), axis);
        if place.x_labels && !self.label.is_empty() {
            let (middle, _) = plot.middle();
            let room = 2.0 * (middle - place.outer.x).min(place.outer.right() - middle);
            canvas.text(
                Label::new(&self.label, middle, plot.bottom() + 33.0, Anchor::Middle, LABEL_PX).room(room),
            );
        }
    }
}

/// Room below a plot.
pub(crate) fn x_room(labels: bool) -> f64 {
    if labels { X_ROOM } else { X_ROOM_UNLABELLED }
}
