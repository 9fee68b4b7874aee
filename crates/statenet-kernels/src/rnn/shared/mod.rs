//! What all gated recurrences share: the loop over time, the recurrent product, the gradient of the weights.
//!
//! ```text
//! q[t] = W_hh h[t-1] + b_hh          (G H numbers: G gates of H units)
//! (h[t], c[t]) = cell(u[t], q[t], h[t-1], c[t-1])
//! ```
//! `u` is the time-independent part W_ih x + b_ih. It is given, or computed from x inside, in blocks of bins that stay in
//! the cache: then neither it nor its gradient is written to memory ([`gated_layer`](crate::gated_layer())). A [`Cell`] says what the
//! gates do; with gu and gq the gradients of u[t] and q[t], the rest is the same for all:
//! ```text
//! g of h[t-1] += W_hh^T gq[t]        gW_hh = sum_t gq[t] h[t-1]^T        gb_hh = sum_t gq[t]
//! ```

mod arguments;
mod backward;
pub(crate) mod cell;
mod cuda;
pub(crate) mod forward;
mod kernel;
pub(crate) mod layer;
mod projection;
pub(crate) mod recurrence;
pub(crate) mod unrolled;
pub(crate) mod weights;
