//! Several figures combined into one.

use super::{Figure, curves::Curves};
use crate::svg::draw::{
    canvas::Canvas,
    frame::{self, Draw, Place},
    geometry::{Margins, Rect, Size},
    range::Range,
};

const GAP: f64 = 14.0;

/// Figures in a stack or a grid with aligned plot areas, each with its own title.
///
/// A cochleagram above the recorded and predicted rate:
/// ```
/// use statenet_core::TimeBin;
/// use statenet_report::{Heatmap, Panel, Trace, Traces};
///
/// let dt = TimeBin::from_millis(5.0)?;
/// let sound = ndarray::Array2::<f32>::zeros((34, 100));
/// let cochleagram = Heatmap::cochleagram("Ferret vocalisation", sound.view(), &[], dt)?;
/// let traces = [Trace::recorded("PSTH", vec![0.0; 100]), Trace::predicted("statenet-gru", vec![0.1; 100])];
/// let rates = Traces::new("neuron 7", traces, dt);
/// let svg = Panel::shared_time("", [cochleagram.into(), rates.into()]).render();
/// # assert_eq!(svg.as_str().matches("Time (ms)").count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Title above all figures; empty for none.
    pub title: String,
    /// The figures, row by row.
    pub figures: Vec<Figure>,
    /// Number of figures in a row, at least 1.
    pub columns: usize,
    /// Whether figures with a time axis in one column share it; it is then labelled below the lowest of them.
    pub shared_time: bool,
}

impl Panel {
    /// Figures above each other, each with its own axes.
    pub fn stack(title: impl Into<String>, figures: impl IntoIterator<Item = Figure>) -> Self {
        Self::grid(title, 1, figures)
    }

    /// Figures above each other that share the time axis, such as a cochleagram, a raster and traces.
    ///
    /// The axis spans the times of all figures, and all plot areas have the width of the widest.
    pub fn shared_time(title: impl Into<String>, figures: impl IntoIterator<Item = Figure>) -> Self {
        Self { shared_time: true, ..Self::stack(title, figures) }
    }

    /// Figures in rows of `columns`, such as the receptive fields of several neurons.
    pub fn grid(title: impl Into<String>, columns: usize, figures: impl IntoIterator<Item = Figure>) -> Self {
        Self { title: title.into(), figures: figures.into_iter().collect(), columns, shared_time: false }
    }

    /// Training loss above validation score over epochs (counted from 1), with the best epoch marked in both.
    ///
    /// `best` is the index of the best epoch.
    pub fn training(
        title: impl Into<String>,
        loss: impl IntoIterator<Item = f64>,
        score: impl IntoIterator<Item = f64>,
        score_name: &str,
        best: Option<usize>,
    ) -> Self {
        let mut loss = Curves::by_epoch("", "Training loss", [("training loss", loss)]);
        let mut score = Curves::by_epoch("", format!("Validation {score_name}"), [(score_name, score)]);
        loss.marked = best;
        score.marked = best;
        Self::stack(title, [loss.into(), score.into()])
    }

    fn layout(&self) -> Layout<'_> {
        let columns = self.columns.clamp(1, self.figures.len().max(1));
        let drawn: Vec<&dyn Draw> = self.figures.iter().map(Figure::as_draw).collect();
        let mut time = vec![None::<Range>; columns];
        let mut lowest = vec![None; columns];
        let mut widest = vec![0.0f64; columns];
        if self.shared_time {
            for (i, figure) in drawn.iter().enumerate() {
                if let Some(own) = figure.time() {
                    let column = i % columns;
                    time[column] = Some(time[column].map_or(own, |range| range.union(own)));
                    lowest[column] = Some(i);
                    widest[column] = widest[column].max(figure.plot().sane().width);
                }
            }
        }
        let mut cells = Vec::with_capacity(drawn.len());
        for (i, figure) in drawn.into_iter().enumerate() {
            let shared = time[i % columns].filter(|_| figure.time().is_some());
            let x_labels = shared.is_none() || lowest[i % columns] == Some(i);
            let mut size = figure.plot().sane();
            if shared.is_some() {
                size.width = widest[i % columns];
            }
            cells.push(Cell {
                figure,
                margins: frame::margins(figure, x_labels),
                size,
                time: shared,
                x_labels,
            });
        }
        Layout::new(cells, columns)
    }
}

struct Cell<'a> {
    figure: &'a dyn Draw,
    margins: Margins,
    size: Size,
    time: Option<Range>,
    x_labels: bool,
}

/// The figures in rows and columns, with the largest width of each column and height of each row, to align plot areas.
struct Layout<'a> {
    cells: Vec<Cell<'a>>,
    columns: Vec<(Margins, f64)>,
    rows: Vec<(Margins, f64)>,
}

impl<'a> Layout<'a> {
    fn new(cells: Vec<Cell<'a>>, n_columns: usize) -> Self {
        let mut columns = vec![(Margins::default(), 0.0f64); n_columns];
        let mut rows = vec![(Margins::default(), 0.0f64); cells.len().div_ceil(n_columns)];
        for (i, cell) in cells.iter().enumerate() {
            let (margins, width) = &mut columns[i % n_columns];
            *margins = margins.union(cell.margins);
            *width = width.max(cell.size.width);
            let (margins, height) = &mut rows[i / n_columns];
            *margins = margins.union(cell.margins);
            *height = height.max(cell.size.height);
        }
        Self { cells, columns, rows }
    }

    fn size(&self) -> Size {
        let across = self.columns.iter().map(|(m, w)| m.left + w + m.right);
        let down = self.rows.iter().map(|(m, h)| m.top + h + m.bottom);
        let gaps = |n: usize| GAP * n.saturating_sub(1) as f64;
        Size::new(across.sum::<f64>() + gaps(self.columns.len()), down.sum::<f64>() + gaps(self.rows.len()))
    }
}

impl Draw for Panel {
    fn title(&self) -> &str {
        &self.title
    }

    fn description(&self) -> String {
        let one = |figure: &Figure| {
            let figure = figure.as_draw();
            let separator = if figure.title().is_empty() { "" } else { ": " };
            format!("{}{separator}{}", figure.title(), figure.description())
        };
        let all: Vec<String> = self.figures.iter().map(one).collect();
        if all.is_empty() { "Panel without figures.".to_string() } else { all.join(" ") }
    }

    fn plot(&self) -> Size {
        if self.figures.is_empty() { Size::new(240.0, 80.0) } else { self.layout().size() }
    }

    fn room(&self, _x_labels: bool) -> Margins {
        Margins { top: 0.0, right: 6.0, bottom: 4.0, left: 6.0 }
    }

    fn draw(&self, canvas: &mut Canvas, place: &Place) {
        if self.figures.is_empty() {
            return frame::no_data(canvas, place.plot);
        }
        let layout = self.layout();
        let n_columns = layout.columns.len();
        let mut y = place.plot.y;
        for (cells, (row, height)) in layout.cells.chunks(n_columns).zip(&layout.rows) {
            let mut x = place.plot.x;
            for (cell, (column, width)) in cells.iter().zip(&layout.columns) {
                let outer =
                    Rect::new(x, y, column.left + width + column.right, row.top + height + row.bottom);
                let (left, top) = (x + column.left, y + row.top);
                frame::draw(
                    cell.figure,
                    canvas,
                    &Place {
                        plot: Rect::new(left, top, cell.size.width, cell.size.height),
                        outer,
                        time: cell.time,
                        x_labels: cell.x_labels,
                    },
                );
                x = outer.right() + GAP;
            }
            y += row.top + height + row.bottom + GAP;
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use statenet_core::TimeBin;

    use super::*;
    use crate::svg::{Heatmap, Trace, Traces};

    fn dt() -> TimeBin {
        TimeBin::from_millis(5.0).unwrap()
    }

    fn sound(n_bins: usize) -> Figure {
        let values = Array2::<f32>::zeros((2, n_bins));
        Heatmap::cochleagram("sound", values.view(), &[], dt()).unwrap().into()
    }

    fn rate(n_bins: usize) -> Figure {
        Traces::new("rate", [Trace::recorded("PSTH", vec![1.0; n_bins])], dt()).into()
    }

    #[test]
    fn a_shared_axis_spans_all_and_is_labelled_once() {
        let panel = Panel::shared_time("", [sound(100), rate(120)]);
        let layout = panel.layout();
        assert_eq!(layout.cells[0].time, Some(Range::new(0.0, 600.0)));
        assert_eq!(layout.cells[1].time, layout.cells[0].time);
        assert_eq!(layout.cells.iter().map(|c| c.x_labels).collect::<Vec<_>>(), [false, true]);
        assert_eq!(panel.render().as_str().matches("Time (ms)").count(), 1);
    }

    #[test]
    fn plot_areas_of_a_column_start_at_the_same_x() {
        let panel = Panel::shared_time("", [sound(100), rate(100)]);
        let layout = panel.layout();
        let left = layout.columns[0].0.left;
        assert!(layout.cells.iter().all(|c| c.margins.left <= left));
    }

    #[test]
    fn panels_nest_and_may_be_empty() {
        let inner = Panel::shared_time("a", [sound(10), rate(10)]);
        let outer = Panel::grid("both", 2, [inner.clone().into(), inner.into()]);
        assert_eq!(outer.render().as_str().matches("Time (ms)").count(), 2);
        assert!(Panel::grid("", 0, []).render().as_str().contains("no data"));
    }
}
