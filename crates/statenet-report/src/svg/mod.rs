//! Figures as SVG: plain values that [`render`](Figure::render) to an [`Svg`].
//!
//! A figure holds numbers and words only. What is missing (NaN, `None`) is a gap or grey, names that are too long are
//! shortened in the middle and whole when pointed at, and a figure without data says "no data".

pub(crate) mod document;
pub(crate) mod draw;
pub(crate) mod figures;

pub use document::Svg;
pub use draw::{colors::ColorMap, geometry::Size};
pub use figures::{
    Figure,
    bars::{Bar, Bars},
    curves::{Curve, CurveAxis, Curves},
    heatmap::Heatmap,
    histogram::Histogram,
    panel::Panel,
    raster::Raster,
    scatter::{Scatter, ScatterPoint},
    strips::{Strip, Strips},
    traces::{RateUnit, Trace, TraceRole, Traces},
};
