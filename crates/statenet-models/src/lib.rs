//! Models of auditory neurons behind one trait, [`ResponseModel`]: from a cochleagram `(B, 1, F, T)`, or from sound in bins of
//! samples `(B, 1, hop, T)`, to the firing rates of N neurons `(B, N, T)`, causal, streaming, differentiable.
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
//! | [`build`](mod@build) | [`ResponseModel`], the one trait; the config of a whole model; a model of your own, written for one frame at a time |
//! | [`model`] | what runs through a model: evaluation and training passes, streaming state, memory |
//! | [`params`] | the parameter store, also behind candle-nn's `VarBuilder`; first values |
//! | [`streaming`] | running over long sounds, in chunks or frame by frame |
//! | [`front_ends`], [`prefilters`], [`cores`], [`encoders`], [`backbones`], [`readouts`], [`strfs`], [`layers`], [`activations`] | the parts |
//! | [`zoo`] | models by name, with defaults and citations |
//! | [`checkpoint`] | saving and loading, also published folders |
//! | [`laws`] | what every model must obey, as functions that you can call on yours |
//! | `strategies` (feature `proptest`) | cochleagrams, configs and weights for property tests |
//!
//! Features: `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are Candle's; `proptest` adds [`strategies`](crate).

pub mod activations;
pub mod backbones;
pub mod build;
pub mod checkpoint;
mod config;
pub mod cores;
pub mod encoders;
pub mod error;
pub mod front_ends;
pub mod laws;
pub mod layers;
pub mod model;
pub mod params;
pub mod prefilters;
pub mod readouts;
pub mod streaming;
pub mod strfs;
mod tensors;
pub mod zoo;

pub use build::{
    frame_model::FrameModel,
    model_config::{Architecture, ModelConfig, PipelineConfig},
    registry::Registry,
    response_model::ResponseModel,
};
pub use checkpoint::{Checkpoint, CheckpointMetadata};
pub use error::{Error, Result};
pub use front_ends::in_bins;
#[cfg(feature = "proptest")]
pub use laws::strategies;
pub use model::{
    memory::Memory,
    mode::{Mode, Pass},
    state::State,
};
pub use params::store::ParamStore;
pub use statenet_core::Input;
pub use streaming::{
    real_time::RealTime,
    sample_stream::SampleStream,
    stream::{Stream, in_chunks},
};
