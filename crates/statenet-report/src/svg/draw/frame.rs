//! The layout of a figure: title, plot area, margins, and optionally a shared time axis.

use super::{
    canvas::{Anchor, Canvas, LABEL_PX, Label, TITLE_PX},
    colors::{GRID, SOFT},
    geometry::{Margins, Px, Rect, Size},
    range::Range,
};
use crate::{markup::Markup, svg::document::Svg};

/// Height of a title above the plot or its legend.
pub(crate) const TITLE_ROOM: f64 = 24.0;
/// Room above a plot without title, for the upper half of the top tick label.
const TOP_ROOM: f64 = 8.0;

/// Where a figure is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The plot area.
    pub(crate) plot: Rect,
    /// The whole area of the figure, margins included.
    pub(crate) outer: Rect,
    /// The extent of a shared time axis, ms; `None` if the figure has its own.
    pub(crate) time: Option<Range>,
    /// Whether to label the horizontal axis; with a shared axis only the lowest figure has labels.
    pub(crate) x_labels: bool,
}

/// A figure that can be laid out.
pub(crate) trait Draw {
    /// The title, empty for none.
    fn title(&self) -> &str;

    /// One or two sentences that describe the figure to readers who cannot see it.
    fn description(&self) -> String;

    /// The natural size of the plot area.
    fn plot(&self) -> Size;

    /// The margins around the plot area, with or without labels of the horizontal axis. [`margins`] adds room for the title.
    fn room(&self, x_labels: bool) -> Margins;

    /// The extent of the horizontal axis in ms, if it is a time axis.
    fn time(&self) -> Option<Range> {
        None
    }

    /// Height of the legend between title and plot.
    fn legend_room(&self) -> f64 {
        0.0
    }

    /// Draws everything but the title.
    fn draw(&self, canvas: &mut Canvas, place: &Place);
}

/// The margins around the plot area, title and legend included.
pub(crate) fn margins(figure: &dyn Draw, x_labels: bool) -> Margins {
    let room = figure.room(x_labels);
    let title = if figure.title().is_empty() { TOP_ROOM } else { TITLE_ROOM };
    Margins { top: room.top + title + figure.legend_room(), ..room }
}

/// Draws a figure with its title.
pub(crate) fn draw(figure: &dyn Draw, canvas: &mut Canvas, place: &Place) {
    if !figure.title().is_empty() {
        let top = place.plot.y - figure.room(place.x_labels).top - figure.legend_room();
        let room = place.outer.right() - place.plot.x;
        canvas.text(
            Label::new(figure.title(), place.plot.x, top - 9.0, Anchor::Start, TITLE_PX).bold().room(room),
        );
    }
    figure.draw(canvas, place);
}

/// Writes "no data" in the middle of the plot area.
pub(crate) fn no_data(canvas: &mut Canvas, plot: Rect) {
    let (x, y) = plot.middle();
    canvas.rect_titled(plot, GRID, 0.5, "");
    canvas.text(Label::new("no data", x, y + 4.0, Anchor::Middle, LABEL_PX).color(SOFT).room(plot.width));
}

/// Renders a figure as an SVG document.
pub(crate) fn render(figure: &dyn Draw) -> Svg {
    let (size, room) = (figure.plot().sane(), margins(figure, true));
    let outer = Rect::new(
        0.0,
        0.0,
        (room.left + size.width + room.right).ceil(),
        (room.top + size.height + room.bottom).ceil(),
    );
    let place = Place {
        plot: Rect::new(room.left, room.top, size.width, size.height),
        outer,
        time: None,
        x_labels: true,
    };
    let mut canvas = Canvas::default();
    draw(figure, &mut canvas, &place);
    document(figure, outer, &canvas.finish())
}

/// There are no ids in the document, so that any number of figures can be in one page.
fn document(figure: &dyn Draw, outer: Rect, content: &str) -> Svg {
    let (width, height) = (Px(outer.width), Px(outer.height));
    let view = format!("0 0 {width} {height}");
    let mut markup = Markup::default();
    markup.open(
        "svg",
        &[
            ("xmlns", &"http://www.w3.org/2000/svg"),
            ("role", &"img"),
            ("width", &width),
            ("height", &height),
            ("viewBox", &view),
            ("font-family", &"Helvetica, Arial, 'DejaVu Sans', sans-serif"),
            ("fill", &super::colors::INK),
        ],
    );
    markup.newline();
    let title = if figure.title().is_empty() { "Figure" } else { figure.title() };
    markup.element("title", &[], title);
    markup.element("desc", &[], &figure.description());
    markup.newline();
    markup.empty("rect", &[("width", &width), ("height", &height), ("fill", &"#ffffff")]);
    markup.newline();
    markup.verbatim(content);
    Svg::new(markup.finish() + "\n", outer.width)
}
