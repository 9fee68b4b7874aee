//! Gradient descent for any `ResponseModel`, one step per batch of stimuli, until the validation score stops improving. The
//! weights with the best score are kept.

mod averaging;
mod clipping;
mod config;
mod course;
mod early_stopping;
mod fitter;
mod many;
mod noise;
mod objective;
mod recipe;
mod responses;
mod resume;
mod schedule;
mod seal;

pub use self::{
    averaging::Averaging,
    config::FitConfig,
    course::Course,
    fitter::Fitter,
    many::{FitJob, fit_many},
    schedule::Schedule,
};
pub(crate) use self::{
    many::side_by_side,
    objective::has_fields,
    resume::digest_of_data,
    seal::{seal, unseal},
};
