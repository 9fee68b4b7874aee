//! Models of auditory neurons behind one trait, [`ResponseModel`]: from a cochleagram `(B, 1, F, T)` to the firing rates
//! of N neurons `(B, N, T)`, causal, streaming, differentiable.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{Axes, Seed, TimeBin};
//! use statenet_models::{Mode, zoo};
//!
//! let axes = Axes::new(34, 53, TimeBin::from_millis(5.0)?);
//! let model = zoo::by_name("statenet-gru", &axes)?.build(Seed::new(0), &Device::Cpu)?;
//! let silence = Tensor::zeros((1, 1, 34, 100), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.forward(&silence, Mode::Eval)?.dims(), [1, 53, 100]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`response_model`] | the trait, nothing else |
//! | [`mode`], [`state`], [`stream`] | evaluation and training passes, streaming state, running over long sounds |
//! | [`params`], [`init`] | the parameter store, also behind candle-nn's `VarBuilder`; first values |
//! | [`config`], [`build`](mod@build) | a model described whole, and built |
//! | [`framewise`] | a model of your own, said one frame at a time |
//! | [`prefilters`], [`cores`], [`encoders`], [`backbones`], [`readouts`], [`strfs`], [`leak`], [`activations`] | the parts |
//! | [`zoo`] | models by name, with defaults and citations |
//! | [`waveform`] | models that start from sound: front ends, fixed and learned, and ICNet |
//! | [`checkpoint`] | saving and loading, also published folders |
//! | [`laws`] | what every model must obey, as functions that you can call on yours |
//! | `strategies` (feature `proptest`) | cochleagrams, configs and weights for property tests |
//!
//! Features: `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are Candle's; `proptest` adds [`strategies`](crate).

pub mod activations;
pub mod backbones;
pub mod build;
mod channel_norm;
pub mod checkpoint;
mod complex;
pub mod config;
pub mod cores;
pub mod encoders;
pub mod error;
mod frames;
pub mod framewise;
pub mod init;
pub mod laws;
pub mod leak;
mod leaky_relu;
pub mod mode;
pub mod params;
mod pipeline;
pub mod prefilters;
pub mod readouts;
pub mod real_time;
pub mod response_model;
mod sizes;
mod stage;
pub mod state;
#[cfg(feature = "proptest")]
pub mod strategies;
pub mod stream;
pub mod strfs;
mod time_constant;
pub mod waveform;
pub mod zoo;

pub use build::Registry;
pub use checkpoint::{Card, Checkpoint};
pub use config::{Architecture, ModelConfig, PipelineConfig};
pub use error::{Error, Result};
pub use framewise::FrameModel;
pub use mode::{Mode, Pass};
pub use params::ParamStore;
pub use real_time::RealTime;
pub use response_model::{Memory, ResponseModel};
pub use state::State;
pub use stream::{Stream, in_chunks};
pub use waveform::{WaveformConfig, WaveformModel};
