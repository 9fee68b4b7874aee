//! The primitives that figures are drawn with.

use std::fmt::Display;

use super::{
    colors::{INK, Rgb},
    geometry::{Px, Rect},
    text,
};
use crate::markup::Markup;

/// Size of titles, px.
pub(crate) const TITLE_PX: f64 = 13.0;
/// Size of axis labels and legends, px.
pub(crate) const LABEL_PX: f64 = 12.0;
/// Size of tick labels and notes, px.
pub(crate) const TICK_PX: f64 = 11.0;

/// The point of a text that its position refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A text, shortened to `room` px if necessary; its `<title>` then holds the full text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'a> {
    pub(crate) text: &'a str,
    /// x of the anchor.
    pub(crate) x: f64,
    /// y of the baseline.
    pub(crate) y: f64,
    pub(crate) anchor: Anchor,
    pub(crate) px: f64,
    pub(crate) color: Rgb,
    pub(crate) room: f64,
    pub(crate) bold: bool,
    /// Whether the text is rotated to read upwards.
    pub(crate) upright: bool,
}

impl<'a> Label<'a> {
    /// A horizontal text in the default colour.
    pub(crate) const fn new(text: &'a str, x: f64, y: f64, anchor: Anchor, px: f64) -> Self {
        Self { text, x, y, anchor, px, color: INK, room: f64::INFINITY, bold: false, upright: false }
    }

    pub(crate) const fn room(self, room: f64) -> Self {
        Self { room, ..self }
    }

    pub(crate) const fn color(self, color: Rgb) -> Self {
        Self { color, ..self }
    }

    pub(crate) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) const fn upright(self) -> Self {
        Self { upright: true, ..self }
    }
}

/// Style of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    pub(crate) color: Rgb,
    pub(crate) width: f64,
    pub(crate) dashed: bool,
}

impl Stroke {
    pub(crate) const fn solid(color: Rgb, width: f64) -> Self {
        Self { color, width, dashed: false }
    }

    pub(crate) const fn dashed(color: Rgb, width: f64) -> Self {
        Self { color, width, dashed: true }
    }
}

/// A canvas that writes SVG elements in the order of the calls.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    markup: Markup,
}

impl Canvas {
    pub(crate) fn rect(&mut self, r: Rect, fill: Rgb) {
        self.rect_titled(r, fill, 1.0, "");
    }

    /// Draws a box that shows `title`, if not empty, when pointed at.
    pub(crate) fn rect_titled(&mut self, r: Rect, fill: Rgb, opacity: f64, title: &str) {
        let (x, y, w, h) = (Px(r.x), Px(r.y), Px(r.width.max(0.0)), Px(r.height.max(0.0)));
        let mut attributes: Vec<(&'static str, &dyn Display)> =
            vec![("x", &x), ("y", &y), ("width", &w), ("height", &h), ("fill", &fill)];
        if opacity < 1.0 {
            attributes.push(("fill-opacity", &opacity));
        }
        self.titled("rect", &attributes, title);
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        let (x1, y1, x2, y2) = (Px(from.0), Px(from.1), Px(to.0), Px(to.1));
        let width = Px(stroke.width);
        let mut attributes: Vec<(&'static str, &dyn Display)> = vec![
            ("x1", &x1),
            ("y1", &y1),
            ("x2", &x2),
            ("y2", &y2),
            ("stroke", &stroke.color),
            ("stroke-width", &width),
        ];
        if stroke.dashed {
            attributes.push(("stroke-dasharray", &"5 3"));
        }
        self.markup.empty("line", &attributes);
        self.markup.newline();
    }

    /// Draws an open path, given in SVG's path syntax.
    pub(crate) fn path(&mut self, d: &str, stroke: Stroke) {
        if d.is_empty() {
            return;
        }
        let width = Px(stroke.width);
        let mut attributes: Vec<(&'static str, &dyn Display)> =
            vec![("d", &d), ("fill", &"none"), ("stroke", &stroke.color), ("stroke-width", &width)];
        if stroke.dashed {
            attributes.push(("stroke-dasharray", &"5 3"));
        } else {
            attributes.push(("stroke-linejoin", &"round"));
        }
        self.markup.empty("path", &attributes);
        self.markup.newline();
    }

    /// Draws a filled path without outline.
    pub(crate) fn area(&mut self, d: &str, fill: Rgb, opacity: f64) {
        if !d.is_empty() {
            self.markup.empty("path", &[("d", &d), ("fill", &fill), ("fill-opacity", &opacity)]);
            self.markup.newline();
        }
    }

    /// Draws a dot that shows `title` when pointed at.
    pub(crate) fn dot(&mut self, at: (f64, f64), radius: f64, fill: Rgb, title: &str) {
        let (x, y, r) = (Px(at.0), Px(at.1), Px(radius));
        self.titled(
            "circle",
            &[("cx", &x), ("cy", &y), ("r", &r), ("fill", &fill), ("fill-opacity", &0.65)],
            title,
        );
    }

    /// Draws an image without smoothing its pixels.
    pub(crate) fn image(&mut self, r: Rect, address: &str) {
        let (x, y, w, h) = (Px(r.x), Px(r.y), Px(r.width), Px(r.height));
        self.markup.empty(
            "image",
            &[
                ("x", &x),
                ("y", &y),
                ("width", &w),
                ("height", &h),
                ("preserveAspectRatio", &"none"),
                ("style", &"image-rendering:pixelated"),
                ("href", &address),
            ],
        );
        self.markup.newline();
    }

    /// Runs `draw` in coordinates in which (0, 0) to (columns, rows) fills a box.
    pub(crate) fn in_cells(&mut self, r: Rect, columns: usize, rows: usize, draw: impl FnOnce(&mut Markup)) {
        let transform = format!(
            "translate({} {}) scale({} {})",
            Px(r.x),
            Px(r.y),
            r.width / columns.max(1) as f64,
            r.height / rows.max(1) as f64
        );
        self.markup.open("g", &[("transform", &transform), ("shape-rendering", &"crispEdges")]);
        draw(&mut self.markup);
        self.markup.close();
        self.markup.newline();
    }

    pub(crate) fn text(&mut self, label: Label<'_>) {
        let (x, y, size) = (Px(label.x), Px(label.y), Px(label.px));
        let anchor = label.anchor.name();
        let turn = format!("rotate(-90 {x} {y})");
        let mut attributes: Vec<(&'static str, &dyn Display)> =
            vec![("x", &x), ("y", &y), ("font-size", &size)];
        if label.anchor != Anchor::Start {
            attributes.push(("text-anchor", &anchor));
        }
        if label.color != INK {
            attributes.push(("fill", &label.color));
        }
        if label.bold {
            attributes.push(("font-weight", &"600"));
        }
        if label.upright {
            attributes.push(("transform", &turn));
        }
        // Bold text is about a tenth wider.
        let room = if label.bold { label.room / 1.1 } else { label.room };
        let shown = text::shorten(label.text, label.px, room);
        self.markup.open("text", &attributes);
        if shown != label.text {
            self.markup.element("title", &[], label.text);
        }
        self.markup.text(&shown);
        self.markup.close();
        self.markup.newline();
    }

    /// The elements drawn so far.
    pub(crate) fn finish(self) -> String {
        self.markup.finish()
    }

    fn titled(&mut self, name: &'static str, attributes: &[(&'static str, &dyn Display)], title: &str) {
        if title.is_empty() {
            self.markup.empty(name, attributes);
        } else {
            self.markup.open(name, attributes);
            self.markup.element("title", &[], title);
            self.markup.close();
        }
        self.markup.newline();
    }
}
