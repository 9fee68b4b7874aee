//! Spike rasters.

use std::fmt::Write;

use ndarray::{Array2, ArrayView2};
use statenet_core::{Millis, TimeBin};

use crate::svg::draw::{
    axis::Axis,
    canvas::{Canvas, Stroke},
    colors::{INK, MISSING},
    frame::{self, Draw, Place},
    geometry::{Margins, Px, Rect, Size},
    number::Short,
    range::Range,
    ticks,
};

/// A spike raster: one row per repeat, the first at the top, with ticks for spikes. Bins that were not recorded are grey.
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_report::Raster;
/// let counts = ndarray::array![[0.0, 2.0, 0.0], [1.0, f64::NAN, 0.0]];
/// let svg = Raster::new("neuron 7", counts.view(), TimeBin::from_millis(5.0)?).render();
/// assert!(svg.as_str().contains("Repeat"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Spikes per bin, (R, T); NaN where nothing was recorded.
    pub counts: Array2<f64>,
    /// Width of a bin.
    pub dt: TimeBin,
    /// Time of the first bin.
    pub start: Millis,
    /// Size of the plot area.
    pub size: Size,
}

impl Raster {
    /// A raster of counts (R, T) that starts at 0.
    pub fn new<A: Copy + Into<f64>>(
        title: impl Into<String>,
        counts: ArrayView2<'_, A>,
        dt: TimeBin,
    ) -> Self {
        Self {
            title: title.into(),
            dt,
            start: dt.times(0),
            size: Size::new(640.0, (counts.nrows() as f64 * 7.0).clamp(50.0, 200.0)),
            counts: counts.mapv(Into::into),
        }
    }

    fn y_axis(&self) -> Axis {
        let n = self.counts.nrows();
        let mut found = match n {
            0 => Vec::new(),
            _ => ticks::whole(Range::new(0.5, n as f64 + 0.5), (self.size.sane().height / 30.0) as usize),
        };
        for tick in &mut found {
            tick.at = 1.0 - tick.at;
        }
        found.reverse();
        Axis { label: "Repeat".to_string(), ticks: found }
    }
}

impl Draw for Raster {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let (repeats, bins) = self.counts.dim();
        let spikes: f64 = self.counts.iter().filter(|c| c.is_finite()).sum();
        format!(
            "Raster of {repeats} repeats by {bins} time bins of {} ms with {} spikes.",
            self.dt.ms(),
            Short(spikes)
        )
    }

    fn plot(&self) -> Size {
        self.size
    }

    fn room(&self, x_labels: bool) -> Margins {
        self.y_axis().room(x_labels)
    }

    fn time(&self) -> Option<Range> {
        let start = self.start.ms();
        let n = self.counts.ncols();
        (!self.counts.is_empty()).then(|| Range::new(start, start + self.dt.times(n).ms()))
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        let Some(own) = self.time() else {
            return frame::no_data(canvas, plot);
        };
        let time = place.time.unwrap_or(own);
        let row = plot.height / self.counts.nrows() as f64;
        let x = |bin: f64| plot.across(time.place(self.start.ms() + bin * self.dt.ms()));
        for (repeat, counts) in self.counts.rows().into_iter().enumerate() {
            let top = plot.y + row * repeat as f64;
            let counts: Vec<f64> = counts.iter().copied().collect();
            let mut bin = 0;
            for run in counts.chunk_by(|a, b| a.is_finite() == b.is_finite()) {
                if run.first().is_some_and(|c| !c.is_finite()) {
                    let (a, b) = (x(bin as f64), x((bin + run.len()) as f64));
                    canvas.rect(Rect::new(a, top, b - a, row), MISSING);
                }
                bin += run.len();
            }
            let mut d = String::new();
            let mut last = f64::NEG_INFINITY;
            for (bin, &count) in counts.iter().enumerate() {
                // The spikes of a bin are spread over its width; more than eight would be a solid bar.
                let n = if count.is_finite() { count.round().clamp(0.0, 8.0) as usize } else { 0 };
                for spike in 0..n {
                    let at = x(bin as f64 + (spike as f64 + 0.5) / n as f64);
                    // Ticks less than a quarter of a px apart are drawn once.
                    if at - last > 0.25 {
                        let _ = write!(d, "M{} {}v{}", Px(at), Px(top + row * 0.1), Px(row * 0.8));
                        last = at;
                    }
                }
            }
            canvas.path(&d, Stroke::solid(INK, 1.0));
        }
        self.y_axis().draw_y(canvas, place, false);
        Axis::time(time, plot.width).draw_x(canvas, place, false);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_small_one_is_this() {
        let counts = array![[0.0, 2.0, 0.0], [1.0, f64::NAN, 0.0]];
        let figure = Raster::new("neuron 7", counts.view(), TimeBin::from_millis(5.0).unwrap());
        insta::assert_snapshot!(figure.render().as_str());
    }

    #[test]
    fn the_first_repeat_is_at_the_top() {
        let counts = Array2::<f32>::zeros((20, 5));
        let figure = Raster::new("", counts.view(), TimeBin::from_millis(5.0).unwrap());
        let ticks = figure.y_axis().ticks;
        assert!(ticks.first().unwrap().at < ticks.last().unwrap().at);
        assert_eq!(ticks.first().unwrap().label, "20");
    }
}
