//! Maps that are fitted or fixed before a model sees the data.

mod smooth;
mod standardize;

pub use smooth::{SmoothWeights, Smoothing};
