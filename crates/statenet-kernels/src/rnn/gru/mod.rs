//! The recurrence of gated recurrent units (Cho et al. 2014, in PyTorch's form with two biases).
//!
//! ```text
//! q[t] = W_hh h[t-1] + b_hh                                  (3H, in the order r, z, n)
//! r = sigmoid(u_r + q_r)   z = sigmoid(u_z + q_z)   n = tanh(u_n + r q_n)
//! h[t] = n + z (h[t-1] - n)
//! ```
//! `u` is the time-independent part W_ih x + b_ih, one large product before the recurrence.
//! With g the gradient of h[t], backward in time:
//! ```text
//! g_n = g (1-z)(1-n^2)   g_z = g (h[t-1]-n) z (1-z)   g_r = g_n q_n r (1-r)
//! gu = [g_r, g_z, g_n]   gq = [g_r, g_z, g_n r]       g of h[t-1] += g z + W_hh^T gq
//! gW_hh = sum_t gq[t] h[t-1]^T                        gb_hh = sum_t gq[t]
//! ```
//! Kept for the backward pass: r, z, n, q_n, so 4 H numbers per bin and stimulus.
//! Differs from Cho et al.: the reset gate multiplies W_hn h + b_hn, not h.

mod cell;
mod reference;

/// The cell of a GRU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gru;
