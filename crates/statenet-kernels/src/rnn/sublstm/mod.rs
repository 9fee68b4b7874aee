//! The recurrence of the subtractive-gated LSTM (Costa et al. 2017, "Cortical microcircuits as gated-recurrent neural
//! networks", eq. 9-14), whose gates inhibit by subtraction, as inhibitory interneurons are thought to do.
//!
//! ```text
//! a[t] = u[t] + W_hh h[t-1] + b_hh                           (4H, in the order i, f, z, o)
//! i, f, z, o = sigmoid(a)
//! c[t] = f c[t-1] + z - i        h[t] = sigmoid(c[t]) - o
//! ```
//! With s = sigmoid(c\[t\]), and gh and gc the gradients of h\[t\] and c\[t\], backward in time:
//! ```text
//! g_o = -gh o (1-o)            gc += gh s (1-s)
//! g_i = -gc i (1-i)            g_f = gc c[t-1] f (1-f)       g_z = gc z (1-z)
//! gu = gq = [g_i, g_f, g_z, g_o]                             gc of c[t-1] = gc f
//! ```
//! Kept for the backward pass: i, f, z, o, c\[t-1\] and s, so 6 H numbers per bin and stimulus.

mod cell;
mod reference;

/// The cell of a subtractive-gated LSTM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SubLstm;
