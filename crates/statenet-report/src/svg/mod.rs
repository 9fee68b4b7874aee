//! Figures as plain values, which [`render`](Figure::render) turns into an [`Svg`].
//!
//! Missing values (NaN, `None`) are gaps or grey. Names that are too long are shortened in the middle and shown in full
//! when pointed at. A figure without data shows the text "no data".

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
    points::{Point, PointSeries, Points},
    raster::Raster,
    scatter::{Scatter, ScatterPoint},
    strips::{Strip, Strips},
    traces::{RateUnit, Trace, TraceRole, Traces},
};
