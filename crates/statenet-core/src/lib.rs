//! Types that all StateNet crates share: units, axes, frequency scales, seeds, shapes, masks and atomic writes.
//!
//! It depends on no other crate of the workspace, no tensor library and no file format. It computes nothing about neurons.
//!
//! ```
//! use statenet_core::{Millis, Seed, TimeBin};
//!
//! let dt = TimeBin::from_millis(5.0)?;
//! assert_eq!(dt.bins_in(Millis::new(21.0)?), 4);
//! let mut stream = Seed::new(7).stream("core.encoder.weights");
//! let first = stream.uniform(-1.0, 1.0);
//! assert_eq!(first, Seed::new(7).stream("core.encoder.weights").uniform(-1.0, 1.0));
//! # Ok::<(), statenet_core::Error>(())
//! ```
//!
//! # Map
//!
//! | for | types |
//! |---|---|
//! | quantities that were checked | [`Millis`], [`TimeBin`], [`Hertz`], [`SampleRate`] |
//! | what a model takes and gives | [`Axes`] (bands, neurons, dt), [`Input`] (cochleagrams or sound), [`Sampling`] (sound in bins of samples) |
//! | what responses are | [`ResponseUnit`]: spike counts, or values in a unit of their own |
//! | frequency | [`scales`]: mel, ERB-rate, Greenwood, octaves |
//! | random numbers | [`Seed`], [`RandomStream`]: reproducible by name, whatever else is drawn |
//! | arrays | [`expect_shape`], [`Dim`], [`ShapeError`]; [`ResponseMask`] (which bins of which repeats were recorded); [`Standardization`] (mean and deviation of each band) |
//! | memory | [`Need`]: what a computation takes, refused with numbers ([`TooLarge`]) where the machine lacks it |
//! | files | [`atomic`]: whole or not at all; [`json`]: people's JSON, faults named by field; [`Digest`]: a short hash of bytes |
//! | doubts | [`Warning`]: allowed, but probably not meant |

pub mod atomic;
mod axes;
mod budget;
mod digest;
mod error;
mod input;
pub mod json;
mod mask;
mod response_unit;
mod sampling;
pub mod scales;
mod seed;
mod shape;
mod shortened;
mod standardization;
mod units;
mod warning;

pub use axes::Axes;
pub use budget::{Need, TooLarge, available_memory};
pub use digest::Digest;
pub use error::{Error, Result};
pub use input::Input;
pub use mask::ResponseMask;
pub use response_unit::{ResponseUnit, UnitName};
pub use sampling::Sampling;
pub use seed::{RandomStream, Seed};
pub use shape::{Dim, ShapeError, expect_shape};
pub use shortened::shortened;
pub use standardization::Standardization;
pub use units::{Hertz, Millis, SampleRate, TimeBin};
pub use warning::Warning;
