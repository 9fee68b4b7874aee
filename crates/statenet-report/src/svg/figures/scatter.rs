//! Scatter plots of two scores of each neuron.

use crate::svg::draw::{
    axis::Axis,
    canvas::{Anchor, Canvas, Label, Stroke, TICK_PX},
    colors::{self, AXIS, SOFT},
    frame::{self, Draw, Place},
    geometry::{Margins, Size},
    range::Range,
};

/// One neuron of a [`Scatter`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterPoint {
    /// The neuron's id, shown when pointed at.
    pub id: String,
    /// Its score on the horizontal axis.
    pub x: Option<f64>,
    /// Its score on the vertical axis.
    pub y: Option<f64>,
}

impl ScatterPoint {
    /// A neuron with two scores, either of which may be missing.
    pub fn new(id: impl Into<String>, x: impl Into<Option<f64>>, y: impl Into<Option<f64>>) -> Self {
        Self { id: id.into(), x: x.into(), y: y.into() }
    }

    fn finite(&self) -> Option<(f64, f64)> {
        let finite = |v: Option<f64>| v.filter(|v| v.is_finite());
        Some((finite(self.x)?, finite(self.y)?))
    }
}

/// The scores of each neuron with one model against those with another, in a square with its diagonal; the numbers of
/// neurons above and below the diagonal are written in it.
///
/// ```
/// use statenet_report::{Scatter, ScatterPoint};
/// let points = [ScatterPoint::new("n1", 0.4, 0.6), ScatterPoint::new("n2", 0.5, None)];
/// let svg = Scatter::new("CCnorm per neuron", "ln", "statenet-gru", points).render();
/// assert!(svg.as_str().contains("1 above") && svg.as_str().contains("1 without score"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scatter {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Label of the horizontal axis: the model, and the score if the title does not name it.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// The neurons.
    pub points: Vec<ScatterPoint>,
    /// Side of the square, px.
    pub side: f64,
}

impl Scatter {
    /// A scatter of neurons.
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        y_label: impl Into<String>,
        points: impl IntoIterator<Item = ScatterPoint>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            points: points.into_iter().collect(),
            side: 300.0,
        }
    }

    fn finite(&self) -> impl Iterator<Item = (&str, f64, f64)> {
        self.points.iter().filter_map(|p| p.finite().map(|(x, y)| (p.id.as_str(), x, y)))
    }

    fn range(&self) -> Range {
        Range::from_zero(self.finite().flat_map(|(_, x, y)| [x, y]))
    }

    fn counts(&self) -> String {
        let above = self.finite().filter(|(_, x, y)| y > x).count();
        let below = self.finite().filter(|(_, x, y)| y < x).count();
        let mut counts = format!("{above} above, {below} below the diagonal");
        match self.finite().count() - above - below {
            0 => {}
            on => counts += &format!(", {on} on it"),
        }
        match self.points.len() - self.finite().count() {
            0 => {}
            without => counts += &format!(", {without} without score"),
        }
        counts
    }

    fn y_axis(&self) -> Axis {
        Axis::linear(self.y_label.as_str(), self.range(), self.plot().sane().height, 50.0)
    }
}

impl Draw for Scatter {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        format!(
            "Scatter of {} points, {} against {}: {}.",
            self.points.len(),
            self.y_label,
            self.x_label,
            self.counts()
        )
    }

    fn plot(&self) -> Size {
        Size::new(self.side, self.side)
    }

    fn room(&self, x_labels: bool) -> Margins {
        self.y_axis().room(x_labels)
    }

    fn legend_room(&self) -> f64 {
        18.0
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.finite().next().is_none() {
            return frame::no_data(canvas, plot);
        }
        let range = self.range();
        self.y_axis().draw_y(canvas, place, true);
        Axis::linear(self.x_label.as_str(), range, plot.width, 50.0).draw_x(canvas, place, true);
        canvas.line((plot.x, plot.bottom()), (plot.right(), plot.y), Stroke::dashed(AXIS, 1.0));
        for (id, x, y) in self.finite() {
            let at = (plot.across(range.place(x)), plot.up(range.place(y)));
            canvas.dot(at, 3.5, colors::series(1).0, &format!("{id}: {x:.3}, {y:.3}"));
        }
        let counts = self.counts();
        let room = place.outer.right() - plot.x;
        canvas.text(Label::new(&counts, plot.x, plot.y - 7.0, Anchor::Start, TICK_PX).color(SOFT).room(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neurons_are_counted_on_each_side() {
        let points = [
            ScatterPoint::new("a", 0.1, 0.2),
            ScatterPoint::new("b", 0.2, 0.1),
            ScatterPoint::new("c", 0.2, 0.2),
            ScatterPoint::new("d", f64::NAN, 0.2),
        ];
        assert_eq!(
            Scatter::new("", "x", "y", points).counts(),
            "1 above, 1 below the diagonal, 1 on it, 1 without score"
        );
    }

    #[test]
    fn a_small_one_is_this() {
        let points = [ScatterPoint::new("<script>", 0.4, 0.6)];
        insta::assert_snapshot!(Scatter::new("CCnorm", "ln", "gru", points).render().as_str());
    }
}
