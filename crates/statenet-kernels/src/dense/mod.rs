//! Operations that mix all channels: affine maps and attention.

pub(crate) mod affine;
pub(crate) mod causal_attention;
pub(crate) mod causal_self_attention;
