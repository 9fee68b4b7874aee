//! Figures (SVG), tables and self-contained HTML reports of fitted response models.
//!
//! The input is arrays: this crate does not know models, tensors or recordings. A figure is a plain value with public
//! fields; its method `render` returns an [`Svg`], which can be written to a file or placed in a [`Page`]. Missing numbers
//! (NaN, `None`) are drawn as gaps. Empty, constant or huge input never panics.
//!
//! ```
//! use statenet_core::TimeBin;
//! use statenet_report::{Heatmap, Page, Panel, Section, Trace, Traces};
//!
//! let dt = TimeBin::from_millis(5.0)?;
//! let sound = ndarray::Array2::<f32>::zeros((34, 999));
//! let cochleagram = Heatmap::cochleagram("Stimulus 17", sound.view(), &[], dt)?;
//! let traces = [Trace::recorded("recorded", vec![0.1; 999]), Trace::predicted("ln", vec![0.2; 999])];
//! let figure = Panel::shared_time("", [cochleagram.into(), Traces::new("neuron 7", traces, dt).into()]).render();
//! let page = Page::new("Fit").section(Section::new("Predictions").figure(figure, "Unseen sound."));
//! assert!(page.to_html().contains("<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! | to show | use |
//! |---|---|
//! | a sound, a receptive field, a gradient map | [`Heatmap`] |
//! | recorded and predicted rates, spikes of repeats | [`Traces`], [`Raster`] |
//! | scores of models: means, every neuron, pairs | [`Bars`], [`Strips`], [`Scatter`], [`Histogram`] |
//! | scores against parameters, training data, window lengths | [`Points`] |
//! | training, memory, tuning | [`Curves`], [`Panel::training`] |
//! | several figures as one | [`Panel`] |
//! | numbers | [`Table`] of [`Cell`]s |
//! | all of these in one file | [`Page`] of [`Section`]s |
//!
//! In the source, `svg/figures` has a file for each figure, `svg/draw` the parts of figures (ticks, axes, legends, colours),
//! `table` the tables, `html` the page, and `markup` a writer that escapes all text.

mod error;
mod html;
mod interval;
mod markup;
mod svg;
mod table;

pub use error::{Error, Result};
pub use html::{Block, Page, Section};
pub use interval::Interval;
pub use svg::{
    Bar, Bars, ColorMap, Curve, CurveAxis, Curves, Figure, Heatmap, Histogram, Panel, Point, PointSeries,
    Points, Raster, RateUnit, Scatter, ScatterPoint, Size, Strip, Strips, Svg, Trace, TraceRole, Traces,
};
pub use table::{Cell, Table};

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
