//! The recurrence of an Elman network (Elman 1990, in PyTorch's form with two biases).
//!
//! ```text
//! h[t] = tanh(u[t] + W_hh h[t-1] + b_hh)
//! ```
//! With g the gradient of h\[t\], backward in time: gu = gq = g (1 - h\[t\]^2).

mod cell;
mod reference;

/// The cell of an Elman network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elman;
