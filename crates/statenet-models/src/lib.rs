//! Models of auditory neurons behind one trait, [`ResponseModel`]: from a cochleagram `(B, 1, F, T)`, or from sound in bins of samples `(B, 1,
//! hop, T)`, to the firing rates of N neurons `(B, N, T)`, causal, streaming, differentiable.
//!
//! It builds, runs, streams, saves and loads models. It does not fit them (`statenet-train` does), read recordings or score.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use statenet_core::{Axes, Seed, TimeBin};
//! use statenet_models::{Mode, ResponseModel, zoo};
//!
//! let axes = Axes::new(34, 53, TimeBin::from_millis(5.0)?);
//! let model = zoo::by_name("statenet-gru", &axes)?.build(Seed::new(0), &Device::Cpu)?;
//! let silence = Tensor::zeros((1, 1, 34, 100), DType::F32, &Device::Cpu)?;
//! assert_eq!(model.forward(&silence, Mode::Eval)?.dims(), [1, 53, 100]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! | for | items |
//! |---|---|
//! | a model | [`ResponseModel`]; [`Mode`], [`Pass`]: evaluation and training passes; [`State`]: what a stream carries; [`Memory`]: how far back it reaches |
//! | its description | [`ModelConfig`], [`PipelineConfig`], [`Registry`] |
//! | models by name, with citations and recipes | [`zoo`] |
//! | the parts of a pipeline, in the order of the data | [`front_ends`], [`prefilters`], [`cores`] ([`encoders`], [`backbones`]), [`readouts`] ([`strfs`]), [`activations`]; [`layers`] |
//! | a model of yours | [`FrameModel`] and [`of_frames`]: what happens in one frame; [`Registry::with`]: the whole trait |
//! | parameters | [`ParamStore`], [`Param`], [`Scope`], [`Init`]; also behind candle-nn's `VarBuilder` |
//! | long sounds and live ones | [`Stream`] (chunks of bins), [`SampleStream`] (chunks of samples), [`RealTime`] (single frames), [`in_chunks`] |
//! | files | [`checkpoint`], [`Checkpoint`]; also folders of the published package |
//! | what every model must obey | [`laws`], on yours too |
//!
//! # Cookbook
//!
//! | task | call |
//! |---|---|
//! | build a model of the zoo, or of a file | `zoo::ln(&axes).build(seed, &device)`, [`ModelConfig::read`] |
//! | average several fitted models as one | [`ensemble_of`] |
//! | put a model behind a front end | [`ModelConfig::behind`] |
//! | save, load | [`checkpoint::save()`], [`checkpoint::load()`] |
//! | load a published folder | [`checkpoint::load_published`] |
//! | rates of a whole sound | [`ResponseModel::forward`] in [`Mode::Eval`] |
//! | rates of sound as it comes | [`RealTime::new`], [`SampleStream::new`] |
//! | receptive fields of Linear and LN | [`ResponseModel::receptive_fields`] |
//!
//! Sound is given as recorded: a model scales bands itself ([`ResponseModel::input_scaling`]).
//!
//! # Features
//!
//! None is on by default. `proptest` adds `laws::strategies`, which draw models and sounds. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal`
//! are Candle's.

pub mod activations;
pub mod backbones;
mod build;
pub mod checkpoint;
mod config;
pub mod cores;
pub mod encoders;
mod error;
pub mod front_ends;
pub mod laws;
pub mod layers;
mod model;
mod params;
pub mod prefilters;
pub mod readouts;
mod streaming;
pub mod strfs;
mod tensors;
pub mod zoo;

pub use build::{
    architecture::{Architecture, CustomConfig, EnsembleConfig, PipelineConfig},
    ensemble::ensemble_of,
    frame_model::{FrameModel, of_frames},
    model_config::ModelConfig,
    registry::Registry,
    response_model::ResponseModel,
};
pub use checkpoint::contents::{Checkpoint, CheckpointMetadata};
pub use error::{Error, Result};
pub use front_ends::stage::in_bins;
pub use model::{
    memory::Memory,
    mode::{Mode, Pass, Statistic},
    state::State,
};
pub use params::{
    init::Init,
    store::{Param, ParamStore, Scope},
};
pub use streaming::{
    real_time::RealTime,
    sample_stream::SampleStream,
    stream::{Stream, in_chunks},
};
