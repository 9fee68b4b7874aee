//! Heatmaps: cochleagrams, receptive fields, gradient maps.

use ndarray::{Array2, ArrayView2};
use statenet_core::{Hertz, Millis, ShapeError, TimeBin};

use crate::{
    error::{Error, Result},
    interval::Interval,
    svg::draw::{
        axis::{self, Axis},
        canvas::{Anchor, Canvas, LABEL_PX, Label, Stroke, TICK_PX},
        cells,
        colors::{AXIS, ColorMap, MISSING, SOFT},
        frame::{self, Draw, Place},
        geometry::{Margins, Rect, Size},
        number::Short,
        range::{self, Range},
        text,
        ticks::{self, Tick},
    },
};

/// A matrix as colours, with a colour bar. NaN is grey.
///
/// A sequential colour map spans the range of the values; a diverging one is symmetric around 0, which is white.
///
/// ```
/// use statenet_core::TimeBin;
/// use statenet_report::Heatmap;
///
/// // Two bands, three lags, lag 0 first; drawn with lag 0 at the right.
/// let strf = ndarray::array![[0.5, -0.2, 0.0], [1.0, -0.4, 0.1]];
/// let mut figure = Heatmap::strf("neuron 7", strf.view(), &[], TimeBin::from_millis(5.0)?)?;
/// figure.unit = "spikes/bin per dB".into();
/// assert!(figure.render().as_str().contains("Lag (ms)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    /// Title above the plot; empty for none.
    pub title: String,
    /// Label of the colour bar: quantity and unit; empty for none.
    pub unit: String,
    /// The colour map.
    pub colors: ColorMap,
    /// The values at the ends of the colour bar; `None` for the range of the data. Set it to compare figures.
    ///
    /// A diverging colour map uses the larger magnitude of the two for both ends.
    pub limits: Option<Interval>,
    /// Size of the plot area.
    pub size: Size,
    /// (rows, columns), row 0 at the bottom, columns from left to right.
    values: Array2<f64>,
    rows: Rows,
    columns: Columns,
}

#[derive(Clone, Debug, PartialEq)]
enum Rows {
    Bands(Vec<Hertz>),
    Index(Cells),
}

#[derive(Clone, Debug, PartialEq)]
enum Columns {
    Time { dt: TimeBin, start: Millis },
    Lags(TimeBin),
    Index(Cells),
}

/// Rows or columns with numbers or names as labels.
#[derive(Clone, Debug, Default, PartialEq)]
struct Cells {
    label: String,
    /// A name for each; if empty they are numbered from 1.
    names: Vec<String>,
}

impl Cells {
    fn numbered(label: impl Into<String>) -> Self {
        Self { label: label.into(), names: Vec::new() }
    }

    /// At most `max` ticks in the middle of the `n` cells.
    fn axis(&self, n: usize, max: usize) -> Axis {
        let ticks = if self.names.is_empty() {
            cell_numbers(n, max)
        } else {
            let every = n.div_ceil(max.max(1)).max(1);
            let tick = |(i, name): (usize, &String)| Tick {
                at: (i as f64 + 0.5) / n.max(1) as f64,
                label: name.clone(),
            };
            self.names.iter().take(n).enumerate().step_by(every).map(tick).collect()
        };
        Axis { label: self.label.clone(), ticks }
    }
}

impl Heatmap {
    /// A cochleagram (F, T), or another matrix of bands and time bins.
    ///
    /// `band_centers` are the centre frequencies, lowest first. If it is empty, bands are numbered from 1.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not one centre per band, [`Error::BandOrder`] if they are not increasing.
    pub fn cochleagram<A: Copy + Into<f64>>(
        title: impl Into<String>,
        values: ArrayView2<'_, A>,
        band_centers: &[Hertz],
        dt: TimeBin,
    ) -> Result<Self> {
        let title = title.into();
        Ok(Self {
            rows: bands(&title, values.nrows(), band_centers)?,
            title,
            unit: "Level (a.u.)".to_string(),
            colors: ColorMap::Sequential,
            limits: None,
            size: Size::new(640.0, 150.0),
            values: values.mapv(Into::into),
            columns: Columns::Time { dt, start: dt.times(0) },
        })
    }

    /// A receptive field or gradient map (F, L), lag 0 first. It is drawn with lag 0 at the right, so that time runs to the
    /// right.
    ///
    /// # Errors
    /// As [`cochleagram`](Self::cochleagram).
    pub fn strf<A: Copy + Into<f64>>(
        title: impl Into<String>,
        values: ArrayView2<'_, A>,
        band_centers: &[Hertz],
        dt: TimeBin,
    ) -> Result<Self> {
        let title = title.into();
        let mut values = values.mapv(Into::into);
        values.invert_axis(ndarray::Axis(1));
        Ok(Self {
            rows: bands(&title, values.nrows(), band_centers)?,
            title,
            unit: "Weight (a.u.)".to_string(),
            colors: ColorMap::Diverging,
            limits: None,
            size: Size::new(230.0, 170.0),
            values,
            columns: Columns::Lags(dt),
        })
    }

    /// Any matrix, row 0 at the bottom, with labels for both axes; rows and columns are numbered from 1.
    pub fn matrix<A: Copy + Into<f64>>(
        title: impl Into<String>,
        values: ArrayView2<'_, A>,
        row_label: impl Into<String>,
        column_label: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            unit: String::new(),
            colors: ColorMap::Sequential,
            limits: None,
            size: Size::new(300.0, 200.0),
            values: values.mapv(Into::into),
            rows: Rows::Index(Cells::numbered(row_label)),
            columns: Columns::Index(Cells::numbered(column_label)),
        }
    }

    /// Names the rows and columns of a [`matrix`](Self::matrix) instead of numbering them.
    #[must_use]
    pub fn called<R: Into<String>, C: Into<String>>(
        mut self,
        row_names: impl IntoIterator<Item = R>,
        column_names: impl IntoIterator<Item = C>,
    ) -> Self {
        if let Rows::Index(cells) = &mut self.rows {
            cells.names = row_names.into_iter().map(Into::into).collect();
        }
        if let Columns::Index(cells) = &mut self.columns {
            cells.names = column_names.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Sets the time of the first bin, for an excerpt; without effect if the horizontal axis is not time.
    #[must_use]
    pub fn starting_at(mut self, start: Millis) -> Self {
        if let Columns::Time { start: old, .. } = &mut self.columns {
            *old = start;
        }
        self
    }

    /// The values at the ends of the colour bar, as drawn.
    #[must_use]
    pub fn effective_limits(&self) -> Interval {
        let range = self.range();
        Interval::new(range.low, range.high)
    }

    fn range(&self) -> Range {
        let data = match self.limits.filter(|l| l.is_finite()) {
            Some(limits) => Some(Range::new(limits.low, limits.high)),
            None => Range::of(self.values.iter().copied()),
        };
        let data = data.unwrap_or(Range::new(0.0, 1.0));
        match self.colors {
            ColorMap::Sequential => data,
            ColorMap::Diverging => {
                // Not through Range::of, which widens the range of equal values.
                let most = match self.limits.filter(|l| l.is_finite()) {
                    Some(limits) => limits.low.abs().max(limits.high.abs()),
                    None => {
                        let finite = self.values.iter().filter(|v| v.is_finite());
                        finite.fold(0.0, |most, v| v.abs().max(most))
                    }
                };
                Range::new(-most, most)
            }
        }
    }

    fn n_missing(&self) -> usize {
        self.values.iter().filter(|v| !v.is_finite()).count()
    }

    fn row_axis(&self) -> Axis {
        let n = self.values.nrows();
        match &self.rows {
            Rows::Bands(centers) => {
                Axis { label: "Frequency (kHz)".to_string(), ticks: frequency_ticks(centers) }
            }
            Rows::Index(cells) => cells.axis(n, (self.size.sane().height / 28.0) as usize),
        }
    }

    fn column_axis(&self, place: &Place) -> Axis {
        let (n, width) = (self.values.ncols(), place.plot.width);
        match &self.columns {
            Columns::Time { .. } => {
                let own = self.time().unwrap_or(Range::new(0.0, 1.0));
                Axis::time(place.time.unwrap_or(own), width)
            }
            Columns::Lags(dt) => Axis { label: "Lag (ms)".to_string(), ticks: lag_ticks(n, *dt, width) },
            Columns::Index(cells) => cells.axis(n, (width / 50.0) as usize),
        }
    }

    fn bar_axis(&self) -> Axis {
        Axis::linear(self.unit.as_str(), self.range(), self.size.sane().height, 34.0)
    }

    fn draw_bar(&self, canvas: &mut Canvas, plot: Rect) {
        let bar = Rect::new(plot.right() + 12.0, plot.y, 11.0, plot.height);
        cells::draw_color_bar(canvas, bar, self.colors);
        let axis = self.bar_axis();
        for tick in &axis.ticks {
            let y = bar.up(tick.at);
            canvas.line((bar.right(), y), (bar.right() + 3.0, y), Stroke::solid(AXIS, 1.0));
            let label = Label::new(&tick.label, bar.right() + 6.0, y + 4.0, Anchor::Start, TICK_PX);
            canvas.text(label.color(SOFT));
        }
        if !self.unit.is_empty() {
            let x = plot.right() + self.bar_room() - 6.0;
            let (_, middle) = bar.middle();
            canvas.text(
                Label::new(&self.unit, x, middle, Anchor::Middle, LABEL_PX)
                    .upright()
                    .room(plot.height + 20.0),
            );
        }
        if self.n_missing() > 0 {
            let y = plot.bottom() + 10.0;
            canvas.rect(Rect::new(bar.x, y, 11.0, 9.0), MISSING);
            canvas.text(Label::new("missing", bar.x + 15.0, y + 9.0, Anchor::Start, TICK_PX).color(SOFT));
        }
    }

    fn bar_room(&self) -> f64 {
        let axis = self.bar_axis();
        let widest = axis.ticks.iter().map(|t| text::width(&t.label, TICK_PX));
        let label = if self.unit.is_empty() { 0.0 } else { 18.0 };
        let missing =
            if self.n_missing() > 0 { 12.0 + 15.0 + text::width("missing", TICK_PX) + 2.0 } else { 0.0 };
        (12.0 + 11.0 + 6.0 + widest.fold(0.0, f64::max) + 6.0 + label).max(missing)
    }
}

impl Draw for Heatmap {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let (rows, columns) = self.values.dim();
        if rows == 0 || columns == 0 {
            return "Heat map without data.".to_string();
        }
        let columns = match &self.columns {
            Columns::Time { dt, .. } => format!("{columns} time bins of {} ms", dt.ms()),
            Columns::Lags(dt) => format!("{columns} lags of {} ms, lag 0 at the right", dt.ms()),
            Columns::Index(cells) => format!("{columns} columns ({})", cells.label),
        };
        let rows = match &self.rows {
            Rows::Bands(_) => format!("{rows} frequency bands"),
            Rows::Index(cells) => format!("{rows} rows ({})", cells.label),
        };
        let unit = if self.unit.is_empty() { "values" } else { &self.unit };
        let values = match range::extent(self.values.iter().copied()) {
            Some((low, high)) => format!("{unit} from {} to {}", Short(low), Short(high)),
            None => "no values".to_string(),
        };
        let missing = match self.n_missing() {
            0 => String::new(),
            n => format!(", {n} missing"),
        };
        format!("Heat map of {rows} by {columns}; {values}{missing}.")
    }

    fn plot(&self) -> Size {
        self.size
    }

    fn room(&self, x_labels: bool) -> Margins {
        Margins {
            top: 0.0,
            right: self.bar_room(),
            bottom: axis::x_room(x_labels).max(if self.n_missing() > 0 { 22.0 } else { 0.0 }),
            left: self.row_axis().y_room(),
        }
    }

    fn time(&self) -> Option<Range> {
        match &self.columns {
            Columns::Time { dt, start } if self.values.ncols() > 0 => {
                Some(Range::new(start.ms(), start.ms() + dt.times(self.values.ncols()).ms()))
            }
            _ => None,
        }
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        let plot = place.plot;
        if self.values.is_empty() {
            return frame::no_data(canvas, plot);
        }
        let mut image = plot;
        if let (Some(shared), Some(own)) = (place.time, self.time()) {
            image.x = plot.across(shared.place(own.low));
            image.width = plot.across(shared.place(own.high)) - image.x;
        }
        let mut from_top = self.values.view();
        from_top.invert_axis(ndarray::Axis(0));
        cells::draw(canvas, image, from_top, self.range(), self.colors);
        self.row_axis().draw_y(canvas, place, false);
        self.column_axis(place).draw_x(canvas, place, false);
        self.draw_bar(canvas, plot);
    }
}

fn bands(title: &str, n_bands: usize, centers: &[Hertz]) -> Result<Rows> {
    if centers.is_empty() {
        return Ok(Rows::Index(Cells::numbered("Band")));
    }
    if centers.len() != n_bands {
        return Err(Error::Shape {
            figure: title.to_string(),
            source: ShapeError {
                array: "band_centers",
                got: vec![centers.len()],
                expected: vec![n_bands.into()],
            },
        });
    }
    for (band, pair) in centers.windows(2).enumerate() {
        if let [previous, got] = pair
            && got <= previous
        {
            return Err(Error::BandOrder {
                figure: title.to_string(),
                band: band + 1,
                got: got.hz(),
                previous: previous.hz(),
            });
        }
    }
    Ok(Rows::Bands(centers.to_vec()))
}

/// Ticks at round frequencies, placed between band centres by interpolation in log frequency.
fn frequency_ticks(centers: &[Hertz]) -> Vec<Tick> {
    let n = centers.len() as f64;
    let (Some(low), Some(high)) = (centers.first(), centers.last()) else {
        return Vec::new();
    };
    if centers.len() == 1 {
        return vec![Tick { at: 0.5, label: ticks::kilohertz(low.hz()) }];
    }
    ticks::log_numbers(low.hz(), high.hz())
        .into_iter()
        .filter_map(|hz| {
            let above = centers.iter().position(|c| c.hz() >= hz * (1.0 - 1e-9))?.max(1);
            let (a, b) = (centers.get(above - 1)?.hz(), centers.get(above)?.hz());
            let between = ((hz / a).ln() / (b / a).ln()).clamp(0.0, 1.0);
            Some(Tick { at: ((above - 1) as f64 + between + 0.5) / n, label: ticks::kilohertz(hz) })
        })
        .collect()
}

/// Ticks of lags, which increase to the left; each cell is centred on its lag.
fn lag_ticks(n: usize, dt: TimeBin, width: f64) -> Vec<Tick> {
    let last = dt.times(n.saturating_sub(1)).ms();
    let whole = Range::new(-0.5 * dt.ms(), last + 0.5 * dt.ms());
    let mut found = ticks::linear(whole, (width / 42.0) as usize);
    found.retain(|t| !t.label.starts_with('\u{2212}'));
    for tick in &mut found {
        tick.at = 1.0 - tick.at;
    }
    found.reverse();
    found
}

/// Ticks with the numbers of rows or columns, from 1, in the middle of their cells.
fn cell_numbers(n: usize, max: usize) -> Vec<Tick> {
    if n == 0 {
        return Vec::new();
    }
    ticks::whole(Range::new(0.5, n as f64 + 0.5), max)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn named_cells_are_called_by_their_names() {
        let values = array![[0.0, 1.0], [2.0, 3.0]];
        let figure = Heatmap::matrix("tones", values.view(), "Level (dB)", "Frequency (kHz)");
        let svg = figure.called(["-40", "0"], ["0.5", "16"]).render();
        for text in ["Level (dB)", ">-40<", ">16<"] {
            assert!(svg.as_str().contains(text), "{text}");
        }
    }

    fn hertz(values: &[f64]) -> Vec<Hertz> {
        values.iter().map(|&v| Hertz::new(v).unwrap()).collect()
    }

    fn dt() -> TimeBin {
        TimeBin::from_millis(5.0).unwrap()
    }

    #[test]
    fn ticks_sit_at_the_middle_of_their_band() {
        let ticks = frequency_ticks(&hertz(&[500.0, 1000.0, 2000.0, 4000.0]));
        let at: Vec<(String, f64)> = ticks.into_iter().map(|t| (t.label, t.at)).collect();
        assert_eq!(at, [("0.5".into(), 0.125), ("1".into(), 0.375), ("2".into(), 0.625)]);
    }

    #[test]
    fn lag_0_is_at_the_right() {
        let ticks = lag_ticks(40, dt(), 230.0);
        let labels: Vec<_> = ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(labels, ["150", "100", "50", "0"]);
        assert!((ticks[3].at - (1.0 - 0.5 / 40.0)).abs() < 1e-12);
    }

    #[test]
    fn a_constant_is_described_as_it_is() {
        let figure = Heatmap::matrix("", array![[5.0, 5.0]].view(), "from", "to");
        assert!(figure.description().contains("values from 5 to 5"), "{}", figure.description());
    }

    #[test]
    fn an_excerpt_keeps_its_time() {
        let values = array![[0.0, 1.0, 2.0, 3.0]];
        let figure = Heatmap::cochleagram("", values.view(), &[], dt()).unwrap();
        let excerpt = figure.starting_at(Millis::new(1200.0).unwrap());
        assert_eq!(excerpt.time(), Some(Range::new(1200.0, 1220.0)));
    }

    #[test]
    fn an_strf_is_symmetric_around_0_and_equal_limits_can_be_set() {
        let mut figure = Heatmap::strf("n", array![[0.5f32, -2.0]].view(), &[], dt()).unwrap();
        assert_eq!(figure.effective_limits(), Interval::new(-2.0, 2.0));
        figure.limits = Some(Interval::new(0.0, 3.0));
        assert_eq!(figure.effective_limits(), Interval::new(-3.0, 3.0));
    }

    #[test]
    fn wrong_band_centres_are_errors_that_name_the_figure() {
        let values = array![[0.0], [1.0]];
        let few = Heatmap::cochleagram("clip 3", values.view(), &hertz(&[500.0]), dt()).unwrap_err();
        assert_eq!(few.to_string(), "figure \"clip 3\": band_centers has shape (1), expected (2)");
        let falling =
            Heatmap::cochleagram("clip 3", values.view(), &hertz(&[500.0, 400.0]), dt()).unwrap_err();
        assert!(
            falling.to_string().contains("centre of band 1 is 400 Hz, expected more than 500 Hz"),
            "{falling}"
        );
    }

    #[test]
    fn a_small_one_is_this() {
        let values = array![[0.0, 1.0, f64::NAN], [2.0, 2.0, 3.0]];
        let figure =
            Heatmap::cochleagram("clip <3>", values.view(), &hertz(&[1000.0, 4000.0]), dt()).unwrap();
        insta::assert_snapshot!(figure.render().as_str());
    }
}
