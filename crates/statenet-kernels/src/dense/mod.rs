//! Operations that mix all channels: affine maps and attention.

pub(crate) mod affine;
pub(crate) mod causal_attention;
