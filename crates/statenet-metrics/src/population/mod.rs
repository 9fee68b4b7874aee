//! Measures of a population: what neurons share, and whether predictions share it too.
//!
//! | function | measure |
//! |---|---|
//! | [`signal_correlation`] | how alike two neurons are tuned, corrected for noise |
//! | [`noise_correlation`] | how their deviations from the mean go together, from repeat to repeat |
//! | [`representational_similarity`] | whether predicted and recorded patterns differ between the same conditions, with noise ceilings |
//! | [`participation_ratio`] | how many dimensions the signal has |
//! | [`shared_dimensions`] | signal variance by dimension (cross-validated PCA), and how much of each a prediction has |
//!
//! Conditions are time bins, or for [`representational_similarity`] windows of bins or whole stimuli. Where an experiment
//! has one count per stimulus, pass the stimuli as the bins of one [`Recorded`](crate::Recorded).
//!
//! Correlations of pairs use all bins that both neurons have, whatever the others lack. The measures of the whole population
//! need complete patterns: see [`JointCounts`] for what they use.

mod joint;
mod noise_correlation;
mod pairs;
mod participation_ratio;
mod rdm;
mod representation;
mod shared_dimensions;
mod signal_correlation;

pub use joint::JointCounts;
pub use noise_correlation::noise_correlation;
pub use pairs::PairScores;
pub use participation_ratio::participation_ratio;
pub use rdm::{Dissimilarity, Rdm, RdmComparison, noise_ceiling};
pub use representation::{
    Conditions, RepresentationOptions, RepresentationalSimilarity, representational_similarity,
};
pub use shared_dimensions::{SharedDimensions, shared_dimensions};
pub use signal_correlation::signal_correlation;
