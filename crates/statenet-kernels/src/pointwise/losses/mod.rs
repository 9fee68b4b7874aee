//! Losses over recordings with missing bins.
//!
//! All take rate, target and mask (B, N, T), average over the valid bins of each neuron, then over the
//! neurons that have one. Numbers where the mask is zero are ignored, NaN included. The Gaussian and the negative binomial
//! loss take one number per neuron besides, which gets a gradient too.

mod cpu;
mod masked;
mod masked_correlation;
mod masked_gaussian;
mod masked_mse;
mod masked_negative_binomial;
mod masked_poisson;
pub(crate) mod reference;
mod with_parameter;

pub use masked_correlation::masked_correlation;
pub use masked_gaussian::masked_gaussian;
pub use masked_mse::masked_mse;
pub use masked_negative_binomial::masked_negative_binomial;
pub use masked_poisson::masked_poisson;
