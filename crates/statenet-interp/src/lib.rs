//! What a fitted model of auditory neurons responds to: receptive fields, gradient maps, dreams, memory and in-silico experiments.
//!
//! Every function takes any [`ResponseModel`](statenet_models::ResponseModel), your own included, and returns arrays. Nothing is fitted, drawn
//! or written; the parameters of a model stay as they are.
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
//! let sound = Tensor::zeros((1, 1, 8, 60), DType::F32, &Device::Cpu)?;
//! let map = gradient_maps(&*model, &sound, &[1])?[0].mean();
//! let field = &receptive_fields(&*model)?[1];
//! assert!(agreement::cosine(map.view(), field.view()) > Some(0.99999));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Sounds are given as recorded, and dreams are returned so: the model scales bands itself. Maps have lag 0 first, in spikes per bin and
//! standard deviation of a band over the training sounds; positive values mean that sound raises the rate.
//!
//! # Map
//!
//! | for | items |
//! |---|---|
//! | whose response is examined | [`Target`]: a neuron, a population, a contrast, a hidden unit |
//! | which sounds | [`draw_windows`]; [`Probes`]: windows grouped by sound |
//! | the weights of Linear and LN | [`receptive_fields`] |
//! | d rate / d sound | [`gradient_maps`], [`target_maps`] with a [`MapConfig`], [`null_maps`]; [`GradientMaps`], [`Averaging`] |
//! | the same at every bin | [`dstrf`], [`Dstrf`]: dynamic STRFs; [`StrfDynamics`], [`fields_by_response`] |
//! | how many dimensions | [`subspace`], [`separable`] |
//! | sounds that drive a neuron most | [`dreams`] |
//! | numbers of a map | [`tuning`]: best frequency, bandwidth, latency, duration, separability, balance |
//! | how far back sound matters | [`memory`]: three measures, and time constants of the state |
//! | in-silico physiology | [`experiments`]: tones, ripples, clicks, bursts, gaps, masking, oddballs, contrast steps |
//! | maps compared, maps smoothed | [`agreement`], [`smoothing`] |
//! | numbers with bootstrap intervals over stimuli | [`Estimate`] |
//!
//! # Features
//!
//! None is on by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle.

pub mod agreement;
mod batched_gradients;
mod batched_jacobian;
pub mod dreams;
mod dstrf;
mod error;
mod estimate;
pub mod experiments;
mod frozen_model;
mod gradient_map;
pub mod memory;
mod probes;
mod receptive_field;
pub mod smoothing;
mod strf_dynamics;
mod subspace;
mod target;
pub mod tuning;
mod windows;

pub use dstrf::{Dstrf, dstrf};
pub use error::{Error, Result};
pub use estimate::Estimate;
pub use gradient_map::{Averaging, GradientMaps, MapConfig, gradient_maps, null_maps, target_maps};
pub use probes::Probes;
pub use receptive_field::receptive_fields;
pub use strf_dynamics::{StrfDynamics, fields_by_response};
pub use subspace::{Subspace, separable, subspace};
pub use target::Target;
pub use windows::draw_windows;
