//! The items that most programs use: `use statenet::prelude::*;`.

pub use candle_core::{Device, Tensor};
pub use statenet_core::{Axes, Hertz, Input, Millis, SampleRate, Sampling, Seed, Standardization, TimeBin};
pub use statenet_data::{Recording, SimulationConfig, Smoothing, Split, SplitPlan};
pub use statenet_interp::{Probes, Target, dreams::dream, dstrf, gradient_maps, receptive_fields};
pub use statenet_metrics::{Evaluation, EvaluationOptions, Loss};
pub use statenet_models::{
    Checkpoint, CheckpointMetadata, Memory, Mode, ModelConfig, ResponseModel, checkpoint, zoo,
};
pub use statenet_train::{Fit, FitConfig, Fitter, History, Ridge, evaluate, predict};

pub use crate::device::DeviceName;
