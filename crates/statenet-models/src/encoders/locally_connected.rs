//! An own filter at every place along the frequency axis.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::{
    encoder::Encoder,
    places::{LocalInit, LocallyConnectedConfig},
};
use crate::{
    error::Result,
    layers::channel_norm::{ChannelNorm, EPS},
    params::{init::Init, store::Scope},
};

pub(crate) struct LocallyConnected {
    weights: Tensor,
    biases: Tensor,
    stride: usize,
    frame: [usize; 2],
}

impl LocallyConnected {
    pub(crate) fn new(
        config: &LocallyConnectedConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let fan_in = channels * config.kernel;
        let n_places = config.places().n_places(n_bands);
        let init = match config.init {
            LocalInit::Centered => Init::fan_in(fan_in),
            LocalInit::Positive => Init::Uniform { low: 0.0, high: 1.0 },
        };
        let weights = scope.parameter("weights", (config.channels, fan_in, n_places), init)?;
        let biases = scope.parameter("biases", (config.channels, n_places), init)?;
        Ok(Self { weights, biases, stride: config.stride, frame: [channels, n_bands] })
    }
}

impl Encoder for LocallyConnected {
    fn encode(&self, x: &Tensor, ChannelNorm { gain, bias }: &ChannelNorm) -> Result<Tensor> {
        let Self { weights, biases, stride, .. } = self;
        Ok(statenet_kernels::local_encoder(x, weights, biases, gain, bias, *stride, EPS)?)
    }

    fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::LocallyConnected::new(&self.weights, &self.biases, self.frame, self.stride)?))
    }
}
