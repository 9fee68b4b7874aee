//! Preprocessing of recordings: smoothing of responses, standardization of cochleagrams.

mod smooth;
mod standardize;

pub use smooth::{SmoothWeights, Smoothing};
