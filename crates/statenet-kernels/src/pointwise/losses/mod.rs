//! Losses over recordings with missing bins.
//!
//! All take rate, target and mask (B, N, T), average over the valid bins of each neuron, then over the
//! neurons that have one. Numbers where the mask is zero are ignored, NaN included.

mod cpu;
mod masked;
mod masked_mse;
mod masked_poisson;
pub(crate) mod reference;

pub use masked_mse::masked_mse;
pub use masked_poisson::masked_poisson;
