//! Types that all StateNet crates share: units, axes, frequency scales, seeds, shapes, masks and atomic writes.
//!
//! This crate depends on no other crate of the workspace, no tensor library and no file format.
//!
//! | module | holds |
//! |---|---|
//! | [`units`] | [`Millis`], [`TimeBin`], [`Hertz`], [`SampleRate`]: checked quantities with units |
//! | [`axes`] | [`Axes`]: bands, neurons and dt of a recording |
//! | [`input`] | [`Input`]: whether cochleagrams or sound |
//! | [`sampling`] | [`Sampling`]: sound in bins of samples |
//! | [`scales`] | mel, ERB-rate, Greenwood and octave scales of frequency |
//! | [`seed`] | [`Seed`]: reproducible random streams by name |
//! | [`digest`] | [`Digest`]: a short hash of bytes |
//! | [`shape`] | [`expect_shape`]: checks the shape of an array |
//! | [`standardization`] | [`Standardization`]: mean and standard deviation of a cochleagram's bands |
//! | [`mask`] | [`ResponseMask`]: which bins of which repeats were recorded |
//! | [`atomic`] | atomic writing of files and folders |
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

pub mod atomic;
pub mod axes;
pub mod digest;
pub mod error;
pub mod input;
pub mod mask;
pub mod sampling;
pub mod scales;
pub mod seed;
pub mod shape;
pub mod standardization;
pub mod units;

pub use axes::Axes;
pub use digest::Digest;
pub use error::{Error, Result};
pub use input::Input;
pub use mask::ResponseMask;
pub use sampling::Sampling;
pub use seed::{Seed, Stream};
pub use shape::{Dim, ShapeError, expect_shape};
pub use standardization::Standardization;
pub use units::{Hertz, Millis, SampleRate, TimeBin};
