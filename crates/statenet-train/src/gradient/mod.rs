//! Fitting by gradients: any `ResponseModel`, one step per batch of stimuli, until the validation score has stopped
//! improving. The best weights are always restored.

mod clipping;
mod config;
mod early_stopping;
mod fitter;
mod many;
mod recipe;
mod schedule;
mod validation;

pub use self::{
    config::FitConfig,
    fitter::Fitter,
    many::{FitJob, fit_many},
    schedule::Schedule,
};
pub(crate) use self::{
    early_stopping::Course,
    validation::{ValidationTarget, expect_fit, mean as mean_score},
};
