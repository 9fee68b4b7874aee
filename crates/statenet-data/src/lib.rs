//! Recordings of auditory neurons: folders on disk, splits, batches, smoothing, simulated populations.
//!
//! This crate does not know models: it returns arrays, and tensors in [`Batch`]es.
//!
//! ```
//! use candle_core::Device;
//! use statenet_core::Seed;
//! use statenet_data::{Batches, SimulationConfig, Smoothing, SplitPlan};
//!
//! let recording = SimulationConfig::small().simulate()?.recording; // or Recording::read("../shared/data/ns1")?
//! let split = "demo".parse::<SplitPlan>()?.resolve(&recording)?;
//! let recording = recording.smooth(Smoothing::default())?;
//! let train = Batches::new(&recording, split.train(), &Device::Cpu)?;
//! for batch in train.epoch(Seed::new(0), 0, 2)? {
//!     let batch = batch?;
//!     assert_eq!(batch.cochleagrams.dims(), [2, 1, recording.n_bands(), 100]);
//! }
//! # Ok::<(), statenet_data::Error>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`recording`] | [`Recording`], [`Stimulus`], [`Responses`] with their masks, selection, combination |
//! | [`split`] | [`Split`] and [`SplitPlan`]: named splits without leaks |
//! | [`preprocess`] | [`Smoothing`] of responses; [`Recording::fit_standardization`], the scale of bands over training stimuli; sound at other rates |
//! | [`batch`] | [`Batches`]: padded tensors with masks, in a random order from a seed |
//! | [`formats`] | npy, npz and wav, from and to bytes |
//! | [`readers`], [`writers`] | the canonical folder ([`Recording::read`], [`Recording::write`]), single arrays |
//! | [`simulate`] | [`SimulationConfig`]: neurons whose receptive field and memory are known |
//!
//! Missing values are masked in memory and NaN in files. The features `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are
//! passed on to Candle and determine on which devices batches can be.

/// Compiles the example in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod batch;
pub mod error;
pub mod formats;
mod names;
pub mod preprocess;
pub mod readers;
pub mod recording;
pub mod simulate;
pub mod split;
pub mod writers;

pub use batch::{Batch, Batches, Epoch};
pub use error::{Error, Place, Result};
pub use preprocess::{SmoothWeights, Smoothing, resample, standardization_of_bands};
pub use readers::{read_cochleagram, read_npy_2d};
pub use recording::{Description, Metadata, Neuron, Recording, Responses, Stimulus};
pub use simulate::{
    GroundTruth, NeuronKind, NeuronMix, OutputCurve, Simulation, SimulationConfig, SoundKind, SoundSet,
};
pub use split::{Part, Split, SplitPlan};
pub use statenet_core::Standardization;
pub use writers::{write_npy_2d, write_npz, write_wav};
