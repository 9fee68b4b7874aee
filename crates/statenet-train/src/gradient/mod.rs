//! Gradient descent for any `ResponseModel`, one step per batch of stimuli, until the validation score stops improving. The
//! weights with the best score are kept.

mod clipping;
mod config;
mod course;
mod early_stopping;
mod fitter;
mod many;
mod objective;
mod recipe;
mod responses;
mod resume;
mod schedule;
mod seal;

pub use self::{
    config::FitConfig,
    course::Course,
    fitter::Fitter,
    many::{FitJob, fit_many},
    schedule::Schedule,
};
