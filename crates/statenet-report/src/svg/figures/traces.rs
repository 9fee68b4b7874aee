//! Recorded and predicted rates over time.

use statenet_core::{Millis, TimeBin};

use crate::svg::draw::{
    axis::Axis,
    canvas::{Canvas, Stroke},
    colors::{self, INK},
    frame::{self, Draw, Place},
    geometry::{Margins, Size},
    legend::{self, Entry},
    line,
    range::Range,
};

/// The unit of [`Traces`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateUnit {
    /// Spikes per time bin, the unit of recordings and models.
    SpikesPerBin,
    /// Spikes per second.
    SpikesPerSecond,
    /// Another quantity, given with its unit, such as `Potential (mV)`.
    Other(String),
}

impl RateUnit {
    fn label(&self) -> &str {
        match self {
            Self::SpikesPerBin => "Rate (spikes/bin)",
            Self::SpikesPerSecond => "Rate (spikes/s)",
            Self::Other(label) => label,
        }
    }
}

/// Whether a trace was measured or computed, which determines its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceRole {
    /// Measured: a dark line over a grey area.
    Recorded,
    /// Computed: a coloured line; the first is red.
    Predicted,
}

/// One line of [`Traces`].
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Name in the legend.
    pub name: String,
    /// One value per time bin; NaN leaves a gap.
    pub values: Vec<f64>,
    /// Measured or computed.
    pub role: TraceRole,
}

impl Trace {
    /// A recorded response, such as a PSTH.
    pub fn recorded<A: Into<f64>>(name: impl Into<String>, values: impl IntoIterator<Item = A>) -> Self {
        Self {
            name: name.into(),
            values: values.into_iter().map(Into::into).collect(),
            role: TraceRole::Recorded,
        }
    }

    /// A predicted rate.
    pub fn predicted<A: Into<f64>>(name: impl Into<String>, values: impl IntoIterator<Item = A>) -> Self {
        Self { role: TraceRole::Predicted, ..Self::recorded(name, values) }
    }
}

/// Rates over time: recorded and predicted.
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_report::{Trace, Traces};
///
/// let traces = [Trace::recorded("PSTH", [0.1, 0.4, 0.2]), Trace::predicted("ln", [0.2, 0.3, 0.2])];
/// let figure = Traces::new("neuron 7", traces, TimeBin::from_millis(5.0)?).in_spikes_per_second();
/// assert_eq!(figure.traces[0].values[1], 80.0);
/// assert!(figure.render().as_str().contains("Rate (spikes/s)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// Title above the plot; empty for none.
    pub title: String,
    /// The lines, drawn in this order.
    pub traces: Vec<Trace>,
    /// The unit of the values.
    pub unit: RateUnit,
    /// Width of a bin.
    pub dt: TimeBin,
    /// Time of the first bin.
    pub start: Millis,
    /// Size of the plot area.
    pub size: Size,
}

impl Traces {
    /// Traces in spikes per bin that start at 0.
    pub fn new(title: impl Into<String>, traces: impl IntoIterator<Item = Trace>, dt: TimeBin) -> Self {
        Self {
            title: title.into(),
            traces: traces.into_iter().collect(),
            unit: RateUnit::SpikesPerBin,
            dt,
            start: dt.times(0),
            size: Size::new(640.0, 150.0),
        }
    }

    /// Converts traces in spikes per bin to spikes per second; other units are left unchanged.
    #[must_use]
    pub fn in_spikes_per_second(mut self) -> Self {
        if self.unit == RateUnit::SpikesPerBin {
            for value in self.traces.iter_mut().flat_map(|t| t.values.iter_mut()) {
                *value /= self.dt.seconds();
            }
            self.unit = RateUnit::SpikesPerSecond;
        }
        self
    }

    fn n_bins(&self) -> usize {
        self.traces.iter().map(|t| t.values.len()).max().unwrap_or(0)
    }

    fn y_range(&self) -> Range {
        let values = self.traces.iter().flat_map(|t| t.values.iter().copied());
        match self.unit {
            RateUnit::SpikesPerBin | RateUnit::SpikesPerSecond => Range::from_zero(values),
            // For other quantities, such as potentials, 0 has no special meaning.
            RateUnit::Other(_) => Range::of(values).map_or(Range::new(0.0, 1.0), Range::padded),
        }
    }

    fn is_rate(&self) -> bool {
        !matches!(self.unit, RateUnit::Other(_))
    }

    fn y_axis(&self) -> Axis {
        Axis::linear(self.unit.label(), self.y_range(), self.size.sane().height, 34.0)
    }

    fn strokes(&self) -> Vec<Stroke> {
        let mut n_predicted = 0;
        let mut stroke = |trace: &Trace| match trace.role {
            TraceRole::Recorded => Stroke::solid(INK, 1.1),
            TraceRole::Predicted => {
                let (color, dashed) = colors::series(n_predicted);
                n_predicted += 1;
                Stroke { color, width: 1.4, dashed }
            }
        };
        self.traces.iter().map(&mut stroke).collect()
    }

    fn legend(&self) -> Vec<Entry> {
        let entry = |(trace, stroke): (&Trace, Stroke)| Entry { name: trace.name.clone(), stroke };
        self.traces.iter().zip(self.strokes()).map(entry).collect()
    }
}

impl Draw for Traces {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        if self.n_bins() == 0 {
            return "Traces without data.".to_string();
        }
        let names: Vec<&str> = self.traces.iter().map(|t| t.name.as_str()).collect();
        format!(
            "{} over {} time bins of {} ms: {}.",
            self.unit.label(),
            self.n_bins(),
            self.dt.ms(),
            names.join(", ")
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
        (self.n_bins() > 0).then(|| Range::new(start, start + self.dt.times(self.n_bins()).ms()))
    }

    fn legend_room(&self) -> f64 {
        legend::height(&self.legend(), self.size.sane().width)
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        let Some(own) = self.time() else {
            return frame::no_data(canvas, plot);
        };
        let (time, rate) = (place.time.unwrap_or(own), self.y_range());
        self.y_axis().draw_y(canvas, place, true);
        Axis::time(time, plot.width).draw_x(canvas, place, false);
        let bin_px = plot.width * (self.dt.ms() / time.span()).min(1.0);
        let base = plot.up(rate.place(0.0));
        for (trace, stroke) in self.traces.iter().zip(self.strokes()) {
            let points = trace.values.iter().enumerate().map(|(bin, &value)| {
                let ms = self.start.ms() + (bin as f64 + 0.5) * self.dt.ms();
                value.is_finite().then(|| (plot.across(time.place(ms)), plot.up(rate.place(value))))
            });
            let runs = line::runs(points);
            if trace.role == TraceRole::Recorded && self.is_rate() {
                canvas.area(&line::area(&runs, base), INK, 0.14);
            }
            canvas.path(&line::path(&runs, bin_px.min(plot.width / 2.0)), stroke);
        }
        legend::draw(canvas, &self.legend(), plot.y, plot.x, self.size.sane().width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dt() -> TimeBin {
        TimeBin::from_millis(5.0).unwrap()
    }

    #[test]
    fn a_small_one_is_this() {
        let traces = [
            Trace::recorded("PSTH", [0.0, 1.0, f64::NAN, 0.5]),
            Trace::predicted("ln & co", [0.2f32, 0.8, 0.4, 0.4]),
        ];
        insta::assert_snapshot!(Traces::new("neuron 7", traces, dt()).render().as_str());
    }

    #[test]
    fn colours_follow_roles() {
        let traces =
            [Trace::predicted("a", [1.0]), Trace::recorded("PSTH", [1.0]), Trace::predicted("b", [1.0])];
        let strokes = Traces::new("", traces, dt()).strokes();
        let colors: Vec<String> = strokes.iter().map(|s| s.color.to_string()).collect();
        assert_eq!(colors, ["#d62728", "#222222", "#1f6fb4"]);
    }

    #[test]
    fn other_units_are_not_converted() {
        let mut figure = Traces::new("", [Trace::recorded("Vm", [-60.0])], dt());
        figure.unit = RateUnit::Other("Potential (mV)".to_string());
        assert_eq!(figure.clone().in_spikes_per_second(), figure);
    }
}
