//! Parts of figures: geometry, text, ticks, axes, legends, colours and matrices of cells.

pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod cells;
pub(crate) mod colors;
pub(crate) mod frame;
pub(crate) mod geometry;
pub(crate) mod legend;
pub(crate) mod line;
pub(crate) mod number;
pub(crate) mod png;
pub(crate) mod range;
pub(crate) mod text;
pub(crate) mod ticks;
