//! One filter for all places along the frequency axis.

use candle_core::Tensor;
use statenet_kernels::{Step, Then, steps};

use super::{encoder::Encoder, places::PlacesConfig};
use crate::{
    error::Result,
    layers::channel_norm::ChannelNorm,
    params::{init::Init, store::Scope},
};

pub(crate) struct Convolution {
    weight: Tensor,
    bias: Tensor,
    stride: usize,
    n_bands: usize,
}

impl Convolution {
    pub(crate) fn new(
        config: &PlacesConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let init = Init::fan_in(channels * config.kernel);
        let weight = scope.parameter("weight", (config.channels, channels, config.kernel), init)?;
        let bias = scope.parameter("bias", config.channels, init)?;
        Ok(Self { weight, bias, stride: config.stride, n_bands })
    }
}

impl Encoder for Convolution {
    fn encode(&self, x: &Tensor, norm: &ChannelNorm) -> Result<Tensor> {
        norm.apply(
            &statenet_kernels::band_convolution(x, &self.weight, &self.bias, self.stride)?,
            Then::Sigmoid,
        )
    }

    fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::BandConvolution::new(&self.weight, &self.bias, self.n_bands, self.stride)?))
    }
}
