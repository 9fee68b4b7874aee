//! What a fitted model of auditory neurons listens to: arrays out, for any
//! [`ResponseModel`](statenet_models::ResponseModel), also one of your own.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{Axes, Seed, TimeBin};
//! use statenet_interp::{agreement, gradient_maps, receptive_fields};
//! use statenet_models::zoo;
//!
//! // The gradient map of a linear model is its receptive field.
//! let axes = Axes::new(8, 3, TimeBin::from_millis(5.0)?);
//! let model = zoo::linear(&axes).build(Seed::new(0), &Device::Cpu)?;
//! let null = Tensor::zeros((1, 1, 8, 60), DType::F32, &Device::Cpu)?;
//! let map = gradient_maps(&*model, &null, &[1])?[0].mean();
//! let field = &receptive_fields(&*model)?[1];
//! assert!(agreement::cosine(map.view(), field.view()) > Some(0.99999));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`receptive_field`] | the weights of Linear and LN |
//! | [`target`] | what is looked at: a neuron, a population, a contrast, a hidden unit |
//! | [`gradient_map`] | d rate / d sound of any model, at any sound and time |
//! | [`dstrf`](mod@dstrf) | the map at every bin of a sound: locally linear receptive fields |
//! | [`subspace`](mod@subspace), [`strf_dynamics`] | their few directions and separability; how they change, with time and with the response |
//! | [`dreams`] | sounds that a target answers to most, under constraints; making them audible |
//! | [`windows`] | cutting sounds to take maps at |
//! | [`smoothing`] | maps without what differs between neighbours |
//! | [`agreement`] | comparing maps |
//! | [`tuning`](mod@tuning) | best frequency, bandwidth, latency, duration, separability, balance of maps |
//! | [`memory`](mod@memory) | how far back sound shows, in three ways; time constants of the state |
//! | [`experiments`] | in-silico physiology: tones, ripples, clicks, bursts, gaps, masking, oddballs, contrast steps |
//! | [`probes`] | windows of sounds to probe a memory with |
//! | [`estimate`] | numbers with intervals over stimuli |
//!
//! Maps have lag 0 first and the sign of the rate. Features: `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are
//! Candle's.

pub mod agreement;
mod batched_gradients;
mod batched_jacobian;
pub mod dreams;
pub mod dstrf;
pub mod error;
pub mod estimate;
pub mod experiments;
pub mod gradient_map;
pub mod memory;
pub mod probes;
pub mod receptive_field;
pub mod smoothing;
pub mod strf_dynamics;
pub mod subspace;
pub mod target;
pub mod tuning;
pub mod windows;

pub use dreams::{Constraint, Dream, DreamConfig, dream};
pub use dstrf::{Dstrf, dstrf};
pub use error::{Error, Result};
pub use estimate::Estimate;
pub use gradient_map::{Around, GradientMaps, MapConfig, gradient_maps, null_maps, target_maps};
pub use memory::{memory, time_constants};
pub use probes::Probes;
pub use receptive_field::receptive_fields;
pub use strf_dynamics::{Changes, changes, fields_by_response};
pub use subspace::{Subspace, separable, subspace};
pub use target::Target;
pub use tuning::tuning;
pub use windows::draw_windows;
