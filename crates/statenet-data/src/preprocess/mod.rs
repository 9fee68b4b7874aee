//! Preprocessing of recordings: smoothing of responses, standardization of cochleagrams, sound at another sample rate.

mod doubts;
mod polyphase;
mod resample;
mod smooth;
mod standardize;

pub use doubts::scale_doubt;
pub use resample::{Resampling, resample, resample_by};
pub use smooth::{SmoothWeights, Smoothing};
pub use standardize::of_bands as standardization_of_bands;
