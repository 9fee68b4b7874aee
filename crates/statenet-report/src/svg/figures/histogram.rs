//! Histograms of a score over neurons.

use crate::svg::draw::{
    axis::Axis,
    canvas::{Anchor, Canvas, Label, Stroke, TICK_PX},
    colors::{self, INK, SOFT},
    frame::{self, Draw, Place},
    geometry::{Margins, Rect, Size},
    number::Short,
    range::Range,
    ticks,
};

/// A histogram of numbers with their median. Missing numbers are counted in a note.
///
/// ```
/// use statenet_report::Histogram;
/// let svg = Histogram::new("Noise ceiling", "CCmax", [Some(0.6), Some(0.8), None]).render();
/// assert!(svg.as_str().contains("median 0.7 of 2, 1 missing"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The quantity, with its unit.
    pub x_label: String,
    /// Label of the vertical axis: what is counted.
    pub y_label: String,
    /// The numbers.
    pub values: Vec<Option<f64>>,
    /// Size of the plot area.
    pub size: Size,
}

impl Histogram {
    /// A histogram over neurons.
    pub fn new(
        title: impl Into<String>,
        x_label: impl Into<String>,
        values: impl IntoIterator<Item = Option<f64>>,
    ) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: "Neurons".to_string(),
            values: values.into_iter().collect(),
            size: Size::new(320.0, 150.0),
        }
    }

    fn finite(&self) -> Vec<f64> {
        finite(&self.values)
    }

    /// Bins with round edges: about the square root of the number of values, at least 5.
    fn bins(&self) -> (Range, Vec<usize>) {
        let values = self.finite();
        let wanted = ((values.len() as f64).sqrt().ceil() as usize).clamp(5, 40);
        let range = Range::of(values.iter().copied()).unwrap_or(Range::new(0.0, 1.0));
        let (edges, n) = ticks::covering(range, wanted);
        let mut counts = vec![0; n];
        for value in values {
            let bin = ((edges.place(value) * n as f64) as usize).min(n.saturating_sub(1));
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        (edges, counts)
    }

    fn note(&self) -> String {
        let values = self.finite();
        let Some(median) = median(&values) else {
            return "no values".to_string();
        };
        let missing = match self.values.len() - values.len() {
            0 => String::new(),
            n => format!(", {n} missing"),
        };
        format!("median {} of {}{missing}", Short(median), values.len())
    }

    /// The range of counts, from 0 with a little room above the highest bar.
    fn y_range(&self) -> Range {
        let most = self.bins().1.into_iter().max().unwrap_or(0).max(1);
        Range::new(0.0, most as f64 * 1.06)
    }

    fn y_axis(&self) -> Axis {
        Axis {
            label: self.y_label.clone(),
            ticks: ticks::whole(self.y_range(), (self.size.sane().height / 34.0) as usize),
        }
    }
}

impl Draw for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        format!("Histogram of {}: {}.", self.x_label, self.note())
    }

    fn plot(&self) -> Size {
        self.size
    }

    fn room(&self, x_labels: bool) -> Margins {
        self.y_axis().room(x_labels)
    }

    fn legend_room(&self) -> f64 {
        18.0
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        let values = self.finite();
        let Some(median) = median(&values) else {
            return frame::no_data(canvas, plot);
        };
        let (edges, counts) = self.bins();
        let ys = self.y_range();
        self.y_axis().draw_y(canvas, place, true);
        let width = plot.width / counts.len() as f64;
        for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let height = plot.height * ys.place(count as f64);
            let bar =
                Rect::new(plot.x + width * bin as f64 + 0.5, plot.bottom() - height, width - 1.0, height);
            canvas.rect_titled(bar, colors::series(1).0, 0.75, &count.to_string());
        }
        let x = plot.across(edges.place(median));
        canvas.line((x, plot.y), (x, plot.bottom()), Stroke::dashed(INK, 1.2));
        Axis::linear(self.x_label.as_str(), edges, plot.width, 60.0).draw_x(canvas, place, false);
        let note = self.note();
        canvas.text(
            Label::new(&note, plot.x, plot.y - 7.0, Anchor::Start, TICK_PX)
                .color(SOFT)
                .room(place.outer.right() - plot.x),
        );
    }
}

/// The numbers that are finite.
pub(super) fn finite(values: &[Option<f64>]) -> Vec<f64> {
    let exists = |v: &Option<f64>| v.filter(|v| v.is_finite());
    values.iter().filter_map(exists).collect()
}

/// The median: the middle number, or the mean of the two middle ones.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// A quantile by linear interpolation between order statistics.
pub(super) fn quantile(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = part.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (*sorted.get(at.floor() as usize)?, *sorted.get(at.ceil() as usize)?);
    // Halve first: the difference of two huge numbers can overflow.
    let weight = at - at.floor();
    Some(low * (1.0 - weight) + high * weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Histogram {
        Histogram::new("", "CC", values.iter().map(|&v| Some(v)))
    }

    #[test]
    fn every_value_falls_in_one_bin_between_round_edges() {
        let (edges, counts) = of(&[0.11, 0.19, 0.2, 0.88, 0.9]).bins();
        assert_eq!((edges.low, edges.high), (0.0, 1.0));
        assert_eq!(counts, [2, 1, 0, 0, 2]);
        for values in [vec![3.0], vec![-1e300, 1e300], vec![5.0; 100], vec![1e-320, 0.0]] {
            assert_eq!(of(&values).bins().1.iter().sum::<usize>(), values.len(), "{values:?}");
        }
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(quantile(&[0.0, 10.0], 0.25), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_small_one_is_this() {
        insta::assert_snapshot!(of(&[0.1, 0.4, 0.45, f64::NAN]).render().as_str());
    }
}
