//! Causal filters over time and frequency.

pub(crate) mod band_convolution;
pub(crate) mod causal_conv2d;
pub(crate) mod causal_strf;
pub(crate) mod depthwise_conv1d;
pub(crate) mod frequency_taps;
pub(crate) mod local_encoder;
pub(crate) mod locally_connected;
pub(crate) mod normed_conv2d;
