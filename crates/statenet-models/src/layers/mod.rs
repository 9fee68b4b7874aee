//! Parts that several stages share.

pub(crate) mod band_scaling;
pub(crate) mod channel_norm;
pub(crate) mod complex;
pub(crate) mod filter_bank;
pub(crate) mod hold_first;
pub mod leaky_integrator;
pub(crate) mod leaky_relu;
pub(crate) mod pool;
pub(crate) mod response_scaling;
pub(crate) mod small_matrix;
pub(crate) mod steps;
pub(crate) mod window;
