//! Fitting models of auditory neurons: ridge regression in closed form, and a gradient fitter for any
//! [`ResponseModel`](statenet_models::ResponseModel) with early stopping, exact resume and the best weights restored.
//!
//! ```
//! use candle_core::Device;
//! use statenet_core::Seed;
//! use statenet_data::{SimulationConfig, Smoothing, SplitPlan};
//! use statenet_metrics::EvaluationOptions;
//! use statenet_models::zoo;
//! use statenet_train::{FitConfig, Fitter, evaluate};
//!
//! let recording = SimulationConfig::small().simulate()?.recording;
//! let split = SplitPlan::Demo.resolve(&recording)?;
//! let recording = recording.smooth(&Smoothing::default()).standardize(split.train())?;
//! let model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
//! let fit = Fitter::new(FitConfig { max_epochs: 3, ..FitConfig::default() }).fit(&*model, &recording, &split)?;
//! assert_eq!(fit.n_epochs(), 3);
//! let scores = evaluate(&*model, &recording, split.test(), &EvaluationOptions::for_dt(recording.dt()))?;
//! assert_eq!(scores.per_neuron.len(), recording.n_neurons());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`ridge`] | the linear STRF in closed form, lags and penalties chosen by validation |
//! | [`gradient`] | [`Fitter`], its settings and schedules; [`fit_many`] for independent models side by side |
//! | [`optimizers`] | AdamW with named, saved moments, behind candle-nn's `Optimizer` |
//! | [`history`], [`progress`] | what happened, what is happening |
//! | [`evaluate`](mod@evaluate) | predicting and scoring stimuli |
//!
//! Features: `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are Candle's.

pub mod error;
pub mod evaluate;
pub mod gradient;
pub mod history;
pub mod optimizers;
pub mod progress;
mod resume;
pub mod ridge;

pub use error::{Error, Result};
pub use evaluate::{evaluate, predict, score};
pub use gradient::{FitConfig, FitJob, Fitter, Schedule, fit_many};
pub use history::{History, Stopped};
pub use progress::Progress;
pub use ridge::{Ridge, RidgeFit};
