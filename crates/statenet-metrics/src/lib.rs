//! Scores of neural response models: losses, correlations, noise ceilings, intervals and tests.
//!
//! Knows tensors and arrays only: a prediction `(N, T)` and recorded repeats `(N, R, T)` with a mask, one
//! [`Observation`] per stimulus, in f64. A score is a number or the reason why there is none ([`Undefined`]); nothing
//! is added to a denominator to make one up, and values under a mask are never read.
//!
//! ```
//! use ndarray::{Array2, Array3};
//! use statenet_core::{ResponseMask, Seed};
//! use statenet_metrics::{EvaluationOptions, Observation, evaluate};
//!
//! let mut noise = Seed::new(0).stream("noise");
//! let rate = Array2::from_shape_fn((2, 500), |(n, t)| 1.0 + (0.1 * t as f64 + n as f64).sin());
//! let responses = Array3::from_shape_fn((2, 10, 500), |(n, _, t)| f64::from(noise.poisson(rate[[n, t]])));
//! let mask = ResponseMask::all(2, 10, 500);
//! let observations = [Observation::new(rate.view(), responses.view(), &mask)?];
//! let ids = ["unit-1".to_owned(), "unit-2".to_owned()];
//! let scores = evaluate(&ids, &observations, &EvaluationOptions::default())?;
//! // The true rate explains all that can be explained, which is not all.
//! assert!(scores.ccnorm_mean.is_some_and(|c| (c - 1.0).abs() < 0.05));
//! assert!(scores.cc_mean.is_some_and(|c| c < 0.97));
//! # Ok::<(), statenet_metrics::Error>(())
//! ```
//!
//! | module or item | holds |
//! |---|---|
//! | [`evaluate`], [`Evaluation`] | every score of a model with intervals; serializes to the object of results files |
//! | [`compare`], [`Comparison`] | two models on the same neurons: paired interval and tests |
//! | [`ValidationScorer`] | a score for early stopping, recordings prepared once |
//! | [`scores`] | CCraw, CCnorm, FVE, MSE, Poisson log-likelihood |
//! | [`ceilings`] | signal and noise power, CCmax, correlation between repeats |
//! | [`published`] | other people's variants under their names |
//! | [`resampling`] | bootstrap, permutation and rank tests, adjusted p values |
//! | [`losses`] | what gradient descent minimizes, on tensors |
//! | [`ScoreTable`] | scores as aligned text |
//!
//! `ccnorm` in every file and table is [`scores::cc_norm`]: centred within each stimulus, with covariance, variance and
//! signal power pooled alike.
//!
//! Features: none by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle and matter to
//! [`losses`] only.

pub mod ceilings;
mod comparison;
mod error;
mod evaluation;
pub mod losses;
mod moments;
mod observation;
mod psth;
pub mod published;
mod repeats;
pub mod resampling;
pub mod scores;
mod table;
mod undefined;
mod validation;

pub use comparison::{ComparedScore, Comparison, compare, compare_by};
pub use error::{Error, Result};
pub use evaluation::{
    DefinedCounts, Evaluation, EvaluationOptions, NeuronScores, Reasons, Resampled, evaluate,
};
pub use losses::Loss;
pub use observation::{Observation, Recorded, recorded};
pub use table::ScoreTable;
pub use undefined::{Score, Source, Undefined};
pub use validation::{ValidationScore, ValidationScorer};
