//! Scores of neural response models: losses, correlations, noise ceilings, intervals and tests.
//!
//! It does not know models, recordings or files: `statenet-train` has `evaluate` for these.
//!
//! The input is arrays: a prediction `(N, T)` and recorded repeats `(N, R, T)` with a mask, in f64, as one [`Observation`]
//! per stimulus. A score is a number or the reason why it is undefined ([`Undefined`]): no constant is added to
//! denominators, and masked values are never read.
//!
//! ```
//! use ndarray::{Array2, Array3};
//! use statenet_core::{ResponseMask, Seed};
//! use statenet_metrics::{EvaluationOptions, Observation, evaluate_observations};
//!
//! let mut noise = Seed::new(0).stream("noise");
//! let rate = Array2::from_shape_fn((2, 500), |(n, t)| 1.0 + (0.1 * t as f64 + n as f64).sin());
//! let responses = Array3::from_shape_fn((2, 10, 500), |(n, _, t)| f64::from(noise.poisson(rate[[n, t]])));
//! let mask = ResponseMask::all(2, 10, 500);
//! let observations = [Observation::new(rate.view(), responses.view(), &mask)?];
//! let ids = ["unit-1".to_owned(), "unit-2".to_owned()];
//! let scores = evaluate_observations(&ids, &observations, &EvaluationOptions::default())?;
//! // The true rate reaches the noise ceiling (CCnorm 1), but not a correlation of 1 with the noisy responses.
//! assert!(scores.ccnorm_mean.is_some_and(|c| (c - 1.0).abs() < 0.05));
//! assert!(scores.cc_mean.is_some_and(|c| c < 0.97));
//! # Ok::<(), statenet_metrics::Error>(())
//! ```
//!
//! # Map
//!
//! | module or item | holds |
//! |---|---|
//! | [`evaluate_observations`], [`Evaluation`] | all scores of a model with intervals; serializes to the object in results files |
//! | [`evaluate_difference`], [`needed_for`] | two models on the same responses: intervals over sounds and neurons, power |
//! | [`compare`], [`compare_many`], [`PairComparison`] | models on the same neurons: paired intervals and tests, over groups of neurons |
//! | [`intervals_over_sounds`], [`intervals_over_repeats`] | intervals of any score |
//! | [`ValidationScorer`] | a fast score for early stopping |
//! | [`scores`] | correlations, explained variance, coherence, likelihoods, distances of spike trains: one file each |
//! | [`further_scores`] | those that an [`Evaluation`] does not have, of all neurons at once |
//! | [`ceilings`] | signal and noise power, CCmax, correlation between repeats |
//! | [`population`] | signal and noise correlations, representational similarity, dimensions |
//! | [`published`] | variants from publications, under the names of their authors |
//! | [`resampling`] | bootstrap, permutation and rank tests, adjusted p values |
//! | [`losses`] | losses for gradient descent, on tensors |
//! | [`ScoreTable`] | scores as a text table |
//! | [`Correlation`], [`RSquared`], [`Reliability`], [`Ceiling`] | what a number is, where it could be taken for another |
//! | [`per_second_ratio`] | whether rates look like spikes per second |
//!
//! `ccnorm` in files and tables is always [`scores::cc_norm`]: centred within each stimulus, with covariance, variance and
//! signal power pooled in the same way.
//!
//! # Features
//!
//! None is on by default. `cuda`, `cudnn`, `mkl`, `accelerate` and `metal` are passed on to Candle and only affect [`losses`].

pub mod ceilings;
mod clusters;
mod comparison;
mod error;
mod evaluation;
pub mod losses;
mod moments;
mod observation;
pub mod population;
mod powers;
mod psth;
pub mod published;
mod quantity;
mod rate_unit;
mod repeats;
pub mod resampling;
mod responses;
pub mod scores;
mod table;
mod time_blocks;
mod undefined;
mod validation;

pub use clusters::Clusters;
pub use comparison::{
    ComparedScore, Comparison, ComparisonOptions, Correction, Difference, MeanDifference, Needed,
    PairComparison, PairedTests, compare, compare_by, compare_many, compare_with, evaluate_difference,
    needed_for, paired_tests,
};
pub use error::{Error, Result};
pub use evaluation::{
    Conditions, DefinedCounts, Evaluation, EvaluationOptions, Evaluator, FurtherIntervals, FurtherOptions,
    FurtherScores, LeftOut, NeuronScores, Pooling, Reasons, RepeatCounts, Resampled, evaluate_observations,
    further_scores, intervals_over_repeats, intervals_over_sounds,
};
pub use losses::{Loss, Spread};
pub use moments::RateSums;
pub use observation::{Observation, Recorded, recorded};
pub use quantity::{Ceiling, Correlation, RSquared, Reliability, numbers};
pub use rate_unit::{SummedRates, per_second_ratio};
pub use table::ScoreTable;
pub use undefined::{Enough, Score, Source, Undefined};
pub use validation::{ScoredBins, ValidationScore, ValidationScorer};
