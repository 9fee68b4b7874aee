//! The cochleagram cut into patches along frequency, each described by E numbers.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::config::TransformerConfig;
use crate::{
    error::{During, Result},
    layers::window::Window,
    model::state::State,
    params::{init::Init, store::Scope},
};

pub(super) struct Patches {
    weight: Tensor,
    bias: Tensor,
    n_bands: usize,
    /// Bands and bins of a patch.
    bands: usize,
    bins: usize,
    /// The bins before a chunk, of all patches.
    window: Window,
}

impl Patches {
    pub(super) fn new(
        config: &TransformerConfig,
        (channels, n_bands): (usize, usize),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (bands, bins) = (config.patch_bands.unwrap_or(n_bands), config.patch_bins);
        let init = Init::fan_in(channels * bands * bins);
        let weight = scope.parameter("weight", (config.embedding, channels, bands, bins), init)?;
        let bias = scope.parameter("bias", config.embedding, init)?;
        let window = Window::new(scope.name("context"), &[channels, n_bands, bins - 1], 3);
        Ok(Self { weight, bias, n_bands, bands, bins, window })
    }

    pub(super) fn weight(&self) -> &Tensor {
        &self.weight
    }

    pub(super) fn bins(&self) -> usize {
        self.bins
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.window.init_state(batch, (self.weight.dtype(), self.weight.device()), state)
    }

    /// (B, C, F, T) to (B P, C, Kf, T).
    fn cut(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (batch, channels, n_bands, n_bins) = x.dims4()?;
        let patches = n_bands / self.bands;
        x.reshape((batch, channels, patches, self.bands, n_bins))?.transpose(1, 2)?.contiguous()?.reshape((
            batch * patches,
            channels,
            self.bands,
            n_bins,
        ))
    }

    /// (B, C, F, T) to (B, D, T).
    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, ..) = x.dims4().during("reading a cochleagram")?;
        let before = self.window.bins(batch, state)?;
        self.window.advance(before.as_ref(), x, state)?;
        let context = before.map(|before| self.cut(&before)).transpose().during("cutting patches")?;
        let cut = self.cut(x).during("cutting patches")?;
        let described =
            statenet_kernels::causal_strf(&cut, &self.weight, Some(&self.bias), context.as_ref())?;
        let joined = || {
            let (rows, embedding, n_bins) = described.dims3()?;
            let patches = rows / batch;
            let apart = described.reshape((batch, patches, embedding, n_bins))?;
            apart.transpose(1, 2)?.contiguous()?.reshape((batch, embedding * patches, n_bins))
        };
        joined().during("joining patches")
    }

    /// A receptive field for each of the D units, zero outside its patch.
    pub(super) fn step(&self) -> Result<Box<dyn Step>> {
        let patches = self.n_bands / self.bands;
        let widened = || {
            let place =
                |p: usize| self.weight.pad_with_zeros(2, p * self.bands, (patches - 1 - p) * self.bands);
            let all = (0..patches).map(place).collect::<candle_core::Result<Vec<_>>>()?;
            let weight = Tensor::stack(&all, 1)?.flatten(0, 1)?;
            let bias = self.bias.unsqueeze(1)?.repeat((1, patches))?.flatten_all()?;
            Ok((weight, bias))
        };
        let (weight, bias) = widened().during("widening patches")?;
        Ok(Box::new(steps::CausalStrf::new(&weight, Some(&bias))?))
    }
}
