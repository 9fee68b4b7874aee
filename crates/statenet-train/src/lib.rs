//! Fitting models of auditory neurons: ridge regression in closed form, and a gradient fitter for any
//! [`ResponseModel`](statenet_models::ResponseModel) with early stopping and exact resume.
//!
//! ```
//! use candle_core::Device;
//! use statenet_core::Seed;
//! use statenet_data::{SimulationConfig, SplitPlan};
//! use statenet_models::zoo;
//! use statenet_train::{FitConfig, Fitter, evaluate};
//!
//! let recording = SimulationConfig::small().simulate()?.recording;
//! let split = SplitPlan::Demo.resolve(&recording)?;
//! let mut model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
//! let fit = Fitter::new(FitConfig { max_epochs: 3, ..FitConfig::default() }).fit(&mut model, &recording, &split)?;
//! assert_eq!(fit.history.n_epochs(), 3);
//! let scores = evaluate(&model, &recording, split.test())?;
//! assert_eq!(scores.per_neuron.len(), recording.n_neurons());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`ridge`] | the linear STRF in closed form, with lags and penalties chosen by validation |
//! | [`gradient`] | [`Fitter`], its settings and schedules; [`fit_many`] for many independent fits in parallel |
//! | [`optimizers`] | AdamW with named moments that can be saved, as a candle-nn `Optimizer` |
//! | [`history`], [`progress`] | losses and scores of a finished fit, and of a running one |
//! | [`evaluate`](mod@evaluate) | predicting and scoring stimuli |
//! | [`cochleagrams`] | a recording's sounds as any front end hears them |
//!
//! A model that hears is fitted and scored like any other, on a recording whose stimuli have sound files.
//!
//! The features `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle.

mod axes;
pub mod error;
pub mod evaluate;
mod fit;
pub mod gradient;
mod hearing;
pub mod history;
pub mod optimizers;
pub mod progress;
pub mod ridge;
mod validation;

pub use error::{Error, Result};
pub use evaluate::{evaluate, evaluate_with, predict, score};
pub use fit::Fit;
pub use gradient::{FitConfig, FitJob, Fitter, Schedule, fit_many};
pub use hearing::{behind_front_end, cochleagrams};
pub use history::{History, Stopped};
pub use progress::Progress;
pub use ridge::{Ridge, RidgeFit};
