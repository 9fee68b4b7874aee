//! The recurrence of long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, in
//! PyTorch's form with two biases).
//!
//! ```text
//! a[t] = u[t] + W_hh h[t-1] + b_hh                           (4H, in the order i, f, g, o)
//! i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh(a_g)   o = sigmoid(a_o)
//! c[t] = f c[t-1] + i g        h[t] = o tanh(c[t])
//! ```
//! With s = tanh(c\[t\]), and gh and gc the gradients of h\[t\] and c\[t\], backward in time:
//! ```text
//! g_o = gh s o (1-o)           gc += gh o (1 - s^2)
//! g_i = gc g i (1-i)           g_f = gc c[t-1] f (1-f)       g_g = gc i (1 - g^2)
//! gu = gq = [g_i, g_f, g_g, g_o]                             gc of c[t-1] = gc f
//! ```
//! Kept for the backward pass: i, f, g, o, c\[t-1\] and s, so 6 H numbers per bin and stimulus.

mod cell;
mod reference;

/// The cell of an LSTM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lstm;
