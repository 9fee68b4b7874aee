//! What a fitted model of auditory neurons responds to: receptive fields, gradient maps, dreams, memory and in-silico
//! experiments.
//!
//! Every function takes any [`ResponseModel`](statenet_models::ResponseModel), your own included, and returns arrays.
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
//! | [`receptive_field`] | the weights of Linear and LN as receptive fields |
//! | [`target`] | whose response is examined: a neuron, a population, a contrast or a hidden unit |
//! | [`gradient_map`] | d rate / d sound of any model, at any sound and time |
//! | [`dstrf`](mod@dstrf) | the gradient map at every bin of a sound: dynamic STRFs |
//! | [`subspace`](mod@subspace), [`strf_dynamics`] | dimensionality and separability of STRFs; how they change with time and with the response |
//! | [`dreams`] | sounds that maximize a target's response under constraints, and their sonification |
//! | [`windows`] | random windows of recorded sounds |
//! | [`smoothing`] | Gaussian smoothing of maps |
//! | [`agreement`] | similarity of two maps |
//! | [`tuning`](mod@tuning) | best frequency, bandwidth, latency, duration, separability and balance of maps |
//! | [`memory`](mod@memory) | how far back sound affects the rate, measured in three ways; time constants of the state |
//! | [`experiments`] | in-silico physiology: tones, ripples, clicks, bursts, gaps, masking, oddballs, contrast steps |
//! | [`probes`] | windows of sound for memory and tuning, grouped by sound |
//! | [`estimate`] | numbers with bootstrap intervals over stimuli |
//!
//! Sounds are given as recorded, and dreams are returned so: the model scales bands itself. Maps have lag 0 first, in spikes per bin
//! and standard deviation of a band over the training sounds; positive values mean that sound raises the rate. The features `cuda`, `cudnn`, `mkl`,
//! `accelerate` and `metal` are passed on to Candle.

pub mod agreement;
mod batched_gradients;
mod batched_jacobian;
pub mod dreams;
pub mod dstrf;
pub mod error;
pub mod estimate;
pub mod experiments;
mod frozen_model;
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
pub use gradient_map::{Averaging, GradientMaps, MapConfig, gradient_maps, null_maps, target_maps};
pub use memory::{memory, time_constants};
pub use probes::Probes;
pub use receptive_field::receptive_fields;
pub use strf_dynamics::{StrfDynamics, fields_by_response};
pub use subspace::{Subspace, separable, subspace};
pub use target::Target;
pub use tuning::tuning;
pub use windows::draw_windows;
