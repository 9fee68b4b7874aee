//! The trait of all encoders.

use candle_core::Tensor;
use statenet_kernels::Step;

use crate::{error::Result, layers::channel_norm::ChannelNorm};

/// A per-frame map and the normalisation that follows, `(B, C, F, T)` to `(B, channels, places, T)`.
pub(crate) trait Encoder: Send + Sync {
    fn encode(&self, x: &Tensor, norm: &ChannelNorm) -> Result<Tensor>;

    /// The map of a single frame without the normalisation, (C F) to (channels places).
    fn step(&self) -> Result<Box<dyn Step>>;
}
