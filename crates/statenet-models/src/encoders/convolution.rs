//! One filter for all places along the frequency axis.

use candle_core::Tensor;

use super::{Encoder, Norm, PlacesConfig};
use crate::{error::Result, init::Init, params::Scope};

pub(crate) struct Convolution {
    weight: Tensor,
    bias: Tensor,
    stride: usize,
}

impl Convolution {
    pub(crate) fn new(config: &PlacesConfig, channels: usize, scope: &mut Scope<'_>) -> Result<Self> {
        let init = Init::fan_in(channels * config.kernel);
        let weight = scope.parameter("weight", (config.channels, channels, config.kernel), init)?;
        let bias = scope.parameter("bias", config.channels, init)?;
        Ok(Self { weight, bias, stride: config.stride })
    }
}

impl Encoder for Convolution {
    fn encode(&self, x: &Tensor, norm: &Norm) -> Result<Tensor> {
        norm.follow(&statenet_kernels::band_convolution(x, &self.weight, &self.bias, self.stride)?)
    }
}
