//! Figures (SVG), tables and self-contained HTML reports of fitted response models.
//!
//! Arrays in, files out: this crate knows no model, no tensor and no recording. A figure is a plain value with public
//! fields; `render()` gives an [`Svg`], which is a file of its own or part of a [`Page`]. Missing numbers (NaN, `None`)
//! are gaps, and nothing here panics on empty, constant or huge input.
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
//! | to show | take |
//! |---|---|
//! | a sound, a receptive field, a gradient map | [`Heatmap`] |
//! | recorded and predicted rates, spikes of repeats | [`Traces`], [`Raster`] |
//! | models by score: means, each neuron, pairs | [`Bars`], [`Strips`], [`Scatter`], [`Histogram`] |
//! | training, memory, tuning | [`Curves`], [`Panel::training`] |
//! | several of these as one | [`Panel`] |
//! | numbers | [`Table`] of [`Cell`]s |
//! | all of it in one file | [`Page`] of [`Section`]s |
//!
//! Modules: `svg/figures` has a file per figure, `svg/draw` what they are drawn with (ticks, axes, legends, colours),
//! `table` the tables, `html` the page, `markup` the writer that escapes all text.

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
    Bar, Bars, ColorMap, Curve, CurveAxis, Curves, Figure, Heatmap, Histogram, Panel, Raster, RateUnit,
    Scatter, ScatterPoint, Size, Strip, Strips, Svg, Trace, TraceRole, Traces,
};
pub use table::{Cell, Table};

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
