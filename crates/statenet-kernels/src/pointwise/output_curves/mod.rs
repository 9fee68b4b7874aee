//! Output curves: what turns a readout into a firing rate, with parameters of each neuron.
//!
//! All take (B, N, T) and parameters (N); parameters that a model keeps positive arrive as the positive
//! values. Value and gradient of each element are computed in one pass along contiguous time.

mod arguments;
mod cpu;
mod curved;
mod double_exponential;
mod exponential;
pub(crate) mod reference;
mod sigmoid;
mod softplus;
pub(crate) mod step;

pub use double_exponential::double_exponential_curve;
pub use exponential::exponential_curve;
pub use sigmoid::sigmoid_curve;
pub use softplus::softplus_curve;
