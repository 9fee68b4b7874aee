#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! Each module is a crate that can also be used on its own.
//!
//! | module | crate | holds |
//! |---|---|---|
//! | [`core`] | `statenet-core` | units, axes, seeds, shapes, masks, atomic writes |
//! | [`kernels`] | `statenet-kernels` | fused differentiable operations for Candle |
//! | [`metrics`] | `statenet-metrics` | losses, scores, ceilings, intervals, tests |
//! | [`data`] | `statenet-data` | recordings, splits, batches, simulated neurons |
//! | [`models`] | `statenet-models` | [`ResponseModel`](models::ResponseModel), the zoo, checkpoints, streaming, laws |
//! | [`train`] | `statenet-train` | ridge and gradient fitters, evaluation |
//! | [`interp`] | `statenet-interp` | gradient maps, dynamic STRFs, dreams, memory, tuning, in-silico experiments |
//! | [`report`] | `statenet-report` | figures, tables, the HTML page (feature `report`) |
//!
//! [`Error`] holds the errors of all of them. [`candle`], [`candle_nn`] and [`ndarray`] are re-exported in the versions that the
//! library uses, so that a program needs no other dependency.
//!
//! # Cookbook
//!
//! | task | call |
//! |---|---|
//! | read a recording | [`Recording::read`](data::Recording::read), [`Recording::from_sounds`](data::Recording::from_sounds) |
//! | simulate one | [`SimulationConfig::simulate`](data::SimulationConfig::simulate) |
//! | split its stimuli | [`SplitPlan::resolve`](data::SplitPlan::resolve) |
//! | build a model | [`models::zoo`], [`ModelConfig::read`](models::ModelConfig::read), [`models::of_frames`] |
//! | fit it, fit many | [`Fitter`](train::Fitter), [`train::fit_many`]; [`Ridge`](train::Ridge) |
//! | score it, compare two | [`train::evaluate`], [`metrics::compare`] |
//! | save, load, exchange with the published package | [`Fit::save`](train::Fit::save), [`models::checkpoint`] |
//! | stream it | [`RealTime`](models::RealTime), [`Stream`](models::Stream), [`SampleStream`](models::SampleStream) |
//! | see what a neuron listens to | [`interp::gradient_maps`], [`interp::dreams`], [`interp::tuning`], [`interp::memory`], [`interp::experiments`] |
//! | make cochleagrams of sounds | [`train::cochleagrams`], [`models::front_ends`] |
//! | check a model of yours | [`models::laws`] |
//! | draw | [`report`] |
//!
//! # Speed
//!
//! Build with `--release`, and call [`process::tune`] first thing in `main`: fits then keep the memory that they use again at
//! every step, and Candle starts no threads that get in their way.
//!
//! # Features
//!
//! `default` is `cpu` and `report`, in pure Rust. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle by
//! every crate; `formats` reads HDF5 files (NWB, MATLAB v7.3, some NEMS archives) and Parquet tables; `proptest` adds strategies for property tests of your own models.

pub use candle_core as candle;
pub use candle_nn;
pub use ndarray;
pub use statenet_core as core;
pub use statenet_data as data;
pub use statenet_interp as interp;
pub use statenet_kernels as kernels;
pub use statenet_metrics as metrics;
pub use statenet_models as models;
#[cfg(feature = "report")]
pub use statenet_report as report;
pub use statenet_train as train;

pub mod device;
mod error;
pub mod prelude;
pub mod process;

pub use error::{Error, Result};

/// Compiles and runs the examples in the book.
#[cfg(doctest)]
mod book {
    macro_rules! pages {
        ($($page:ident: $text:literal;)*) => {$(
            #[doc = include_str!(concat!("../../../docs/src/", $text))]
            struct $page;
        )*};
    }
    pages! {
        Tutorial: "start/tutorial.md";
        OwnModel: "how-to/own-model.md";
        PropertyTests: "how-to/property-tests.md";
        Resume: "how-to/resume.md";
        Corpora: "how-to/corpora.md";
        Streaming: "how-to/streaming.md";
        GradientMaps: "theory/interpretation/gradient-maps.md";
        Dstrf: "theory/interpretation/dstrf.md";
        Dreams: "theory/interpretation/dreams.md";
        Scores: "theory/scores.md";
        Tuning: "theory/interpretation/tuning.md";
        Memory: "theory/interpretation/memory.md";
        Experiments: "theory/interpretation/experiments.md";
        LargerThanMemory: "how-to/larger-than-memory.md";
        Ns1: "formats/ns1.md";
        Ac1: "formats/ac1.md";
        Matlab: "formats/matlab.md";
        Nems: "formats/nems.md";
        Nwb: "formats/nwb.md";
        Pprox: "formats/pprox.md";
    }
}
