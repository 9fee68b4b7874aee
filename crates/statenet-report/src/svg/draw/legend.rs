//! Legends, in one or more rows between title and plot.

use super::{
    canvas::{Anchor, Canvas, LABEL_PX, Label, Stroke},
    text,
};

const ROW: f64 = 18.0;
const SWATCH: f64 = 18.0;
const GAP: f64 = 16.0;

/// A legend entry.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) stroke: Stroke,
}

/// Height of a legend with a given width.
pub(crate) fn height(entries: &[Entry], width: f64) -> f64 {
    plan(entries, width).last().map_or(0.0, |p| p.y + ROW)
}

/// Draws a legend that ends above `bottom` and starts at `left`.
pub(crate) fn draw(canvas: &mut Canvas, entries: &[Entry], bottom: f64, left: f64, width: f64) {
    let top = bottom - height(entries, width);
    for (entry, spot) in entries.iter().zip(plan(entries, width)) {
        let (x, y) = (left + spot.x, top + spot.y + 6.0);
        canvas.line((x, y), (x + SWATCH, y), Stroke { width: 2.5, ..entry.stroke });
        canvas.text(
            Label::new(&entry.name, x + SWATCH + 5.0, y + 4.0, Anchor::Start, LABEL_PX).room(spot.room),
        );
    }
}

struct Spot {
    x: f64,
    y: f64,
    room: f64,
}

fn plan(entries: &[Entry], width: f64) -> Vec<Spot> {
    let most = (width - SWATCH - 5.0).max(0.0);
    let (mut x, mut y) = (0.0, 0.0);
    let mut spots = Vec::with_capacity(entries.len());
    for entry in entries {
        let room = text::width(&entry.name, LABEL_PX).min(most).min(260.0);
        if x > 0.0 && x + SWATCH + 5.0 + room > width {
            (x, y) = (0.0, y + ROW);
        }
        spots.push(Spot { x, y, room });
        x += SWATCH + 5.0 + room + GAP;
    }
    spots
}
