#![doc = include_str!("../README.md")]
//!
//! # Modules
//!
//! Each module is a crate of its own; use this facade, or the crates you need.
//!
//! | module | crate | holds |
//! |---|---|---|
//! | [`core`] | `statenet-core` | units, axes, seeds, shapes, masks, atomic writes |
//! | [`kernels`] | `statenet-kernels` | fused differentiable operations for Candle |
//! | [`metrics`] | `statenet-metrics` | losses, scores, ceilings, intervals, tests |
//! | [`data`] | `statenet-data` | recordings, splits, batches, simulated neurons |
//! | [`models`] | `statenet-models` | [`ResponseModel`](models::ResponseModel), the zoo, checkpoints, streaming, laws |
//! | [`train`] | `statenet-train` | ridge and gradient fitters, evaluation |
//! | [`interp`] | `statenet-interp` | gradient maps, locally linear fields, dreams, memory, tuning, experiments on the model |
//! | [`report`] | `statenet-report` | figures, tables, the HTML page (feature `report`) |
//!
//! # Features
//!
//! `default` is `cpu` and `report`, in pure Rust. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are forwarded to
//! Candle through every crate; `proptest` adds strategies for property tests of your own models.

pub use candle_core as candle;
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
pub mod prelude;
