//! Scores of neural response models: losses, correlations, noise ceilings, intervals and tests.

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
