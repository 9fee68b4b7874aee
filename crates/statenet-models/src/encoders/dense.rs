//! Every band to every unit.

use candle_core::Tensor;
use statenet_kernels::{Layout, Step, Then, steps};

use super::{encoder::Encoder, places::PlacesConfig};
use crate::{
    error::{During, Result},
    layers::channel_norm::ChannelNorm,
    params::{init::Init, store::Scope},
};

pub(crate) struct Dense {
    weight: Tensor,
    bias: Tensor,
    channels: usize,
}

impl Dense {
    pub(crate) fn new(
        config: &PlacesConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let fan_in = channels * n_bands;
        let units = config.channels * config.n_places(n_bands);
        let init = Init::fan_in(fan_in);
        let weight = scope.parameter("weight", (units, fan_in), init)?;
        let bias = scope.parameter("bias", units, init)?;
        Ok(Self { weight, bias, channels: config.channels })
    }
}

impl Encoder for Dense {
    fn encode(&self, x: &Tensor, norm: &ChannelNorm) -> Result<Tensor> {
        let bands = x.flatten(1, 2).during("joining channels and bands")?;
        let units = statenet_kernels::affine(
            &bands,
            Layout::ChannelsFirst,
            &self.weight,
            Some(&self.bias),
            Layout::ChannelsFirst,
        )?;
        let (batch, n_units, n_bins) = units.dims3().during("reading units")?;
        let units = units
            .reshape((batch, self.channels, n_units / self.channels, n_bins))
            .during("splitting units into places")?;
        norm.apply(&units, Then::Sigmoid)
    }
    fn step(&self) -> Result<Box<dyn Step>> {
        Ok(Box::new(steps::Affine::new(&self.weight, Some(&self.bias))?))
    }
}
