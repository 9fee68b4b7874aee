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
//! | [`gradient_map`] | d rate / d sound of any model, at any sound and time |
//! | [`windows`] | cutting sounds to take maps at |
//! | [`agreement`] | comparing maps |
//!
//! Maps have lag 0 first and the sign of the rate. Features: `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are
//! Candle's.

pub mod agreement;
pub mod error;
pub mod gradient_map;
pub mod receptive_field;
pub mod windows;

pub use error::{Error, Result};
pub use gradient_map::{GradientMaps, gradient_maps};
pub use receptive_field::receptive_fields;
pub use windows::draw_windows;
