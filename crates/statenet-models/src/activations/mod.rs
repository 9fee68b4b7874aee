//! Output nonlinearities: what turns a neuron's drive into its firing rate, `(B, N, T)` to `(B, N, T)`.
//!
//! | curve | r(x) | parameters per neuron |
//! |---|---|---|
//! | identity | x | 0 |
//! | softplus | sp(beta x) / beta + b | 2 |
//! | unit softplus | sp(x) | 0 |
//! | sigmoid | b sigma((x - c) / d) + a | 4 |
//! | exponential | a exp(k x) + b | 3 |
//! | double exponential | a exp(-exp(k x - s)) + b | 4 |
//! | contrast gain | any of these, of a drive that the contrast of the sound scales and shifts | F + 2 and the curve's |
//!
//! sp(x) = ln(1 + e^x). Scales that must be positive are stored before a softplus (`raw_*`).

mod config;
mod contrast_gain;
mod curve;
mod double_exponential;
mod exponential;
mod nonlinearity;
mod sigmoid;
mod softplus;
mod static_curve;
mod unit_softplus;

pub(crate) use self::nonlinearity::Nonlinearity;
pub use self::{
    config::{ActivationConfig, ContrastGainConfig},
    curve::{CurveConfig, Output},
};
