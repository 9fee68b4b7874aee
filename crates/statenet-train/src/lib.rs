//! Fitting models of auditory neurons: ridge regression in closed form, and a gradient fitter for any
//! [`ResponseModel`](statenet_models::ResponseModel) with early stopping and exact resume.
//!
//! It takes recordings as recorded: it smooths responses that were not smoothed, and tells the model how to scale bands. Test stimuli are never
//! used in a fit. It does not choose a model.
//!
//! ```
//! use candle_core::Device;
//! use statenet_core::Seed;
//! use statenet_data::{SimulationConfig, SplitPlan};
//! use statenet_models::zoo;
//! use statenet_train::{Fitter, evaluate};
//!
//! let recording = SimulationConfig::small().simulate()?.recording;
//! let split = SplitPlan::Demo.resolve(&recording)?;
//! let mut model = zoo::linear(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
//! let fit = Fitter::default().fit(&mut model, &recording, &split)?;
//! println!("{} epochs, {}", fit.history.n_epochs(), evaluate(&model, &recording, split.test())?.summary_line());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! | for | items |
//! |---|---|
//! | gradient descent | [`Fitter`] with a [`FitConfig`]; [`Schedule`], [`optimizers`]: AdamW with named moments that can be saved |
//! | a linear regression | [`Ridge`], with lags and penalties chosen by validation; [`RidgeFit`] |
//! | training and validation stimuli together | [`Fitter::refit`] for the epochs that a fit found, its [`Course`]; [`Ridge::refit`] |
//! | what a fit leaves | [`Fit`]: its [`History`], and what a checkpoint says of it; [`Progress`] while it runs |
//! | what a fit takes | [`need_of_fit`], [`Ridge::need`]: memory and multiplications, checked before it starts |
//! | many independent fits | [`fit_many`] of [`FitJob`]s, side by side |
//! | one network that learns what a better one makes of sounds | [`Distillation`] |
//! | a recipe for a model and a recording, found by cross-validation | [`search`]: [`Search`](search::Search), [`RecipeFile`](search::RecipeFile) |
//! | sweeps over recordings, models, recipes, splits and seeds | [`sweep`]: plans, named jobs, their files, shards |
//! | scores | [`evaluate`], [`evaluate_with`]; [`predict`] and [`score`] apart; [`not_trained`], which neurons a fit had no data of |
//! | whose rates a model predicts | [`recording_for`]: neurons matched by id |
//! | neurons with a signal | [`neurons_above_snr`], measured without test stimuli |
//! | sound | [`cochleagrams`]: a recording's sounds as any front end hears them; [`behind_front_end`] |
//!
//! # Cookbook
//!
//! | task | call |
//! |---|---|
//! | fit with the model's recipe | `Fitter::default().fit(&mut model, &recording, &split)` |
//! | change one setting | `Fitter::new(FitConfig { max_epochs: 300, ..FitConfig::recipe(&model.config()) })` |
//! | show progress | [`Fitter::on_epoch`] |
//! | go on after a kill | [`Fitter::resume_in`] |
//! | stop early, on Ctrl-C say | [`Fitter::stop_when`] |
//! | keep an average of the weights | `Fitter::new(FitConfig { averaging: Averaging::Ema { decay: 0.99 }, ..recipe })` |
//! | compare many fits by their first epochs | [`Fitter::pause_after`] |
//! | save the model with what is known of its fit | [`Fit::save`] |
//! | fit to counts as recorded | `recording.smooth(Smoothing::None)?`, and `loss: Loss::Poisson` |
//! | fit a model that hears | the same, on a recording whose stimuli have sound files |
//!
//! # Features
//!
//! None is on by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle.

mod axes;
mod distill;
mod error;
mod evaluate;
mod fit;
mod gradient;
mod hearing;
mod history;
mod need;
pub mod optimizers;
mod progress;
mod ridge;
pub mod search;
mod selection;
pub mod sweep;
mod validation;

pub use axes::recording_for;
pub use distill::Distillation;
pub use error::{Error, Result};
pub use evaluate::{
    RecordedResponses, ccnorm_per_clip, evaluate, evaluate_with, further_scores, groups_of_neurons, predict,
    rate_unit_warning, score,
};
pub use fit::{Fit, fitted_parts, not_trained};
pub use gradient::{Averaging, Course, FitConfig, FitJob, Fitter, Schedule, fit_many};
pub use hearing::{behind_front_end, cochleagrams};
pub use history::{History, Stopped};
pub use need::need_of_fit;
pub use progress::Progress;
pub use ridge::{Ridge, RidgeFit};
pub use selection::{neurons_above_snr, neurons_above_snr_in};
