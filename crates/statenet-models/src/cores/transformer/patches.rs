//! The cochleagram cut into patches along frequency, each described by E numbers.

use candle_core::Tensor;
use statenet_kernels::{Step, steps};

use super::TransformerConfig;
use crate::{
    error::{During, Result},
    model::state::State,
    params::{init::Init, store::Scope},
};

pub(super) struct Patches {
    weight: Tensor,
    bias: Tensor,
    channels: usize,
    n_bands: usize,
    /// Bands and bins of a patch.
    bands: usize,
    bins: usize,
    context_name: String,
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
        Ok(Self { weight, bias, channels, n_bands, bands, bins, context_name: scope.name("context") })
    }

    pub(super) fn weight(&self) -> &Tensor {
        &self.weight
    }

    pub(super) fn bins(&self) -> usize {
        self.bins
    }

    fn context_shape(&self, batch: usize) -> [usize; 4] {
        [batch, self.channels, self.n_bands, self.bins - 1]
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        if self.bins == 1 {
            return Ok(());
        }
        let shape = self.context_shape(batch);
        state.set_zeros(&self.context_name, &shape, self.weight.dtype(), self.weight.device())
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
        let (batch, _, _, n_bins) = x.dims4().during("reading a cochleagram")?;
        let window = self.bins - 1;
        let mut context = None;
        if window > 0 {
            let before = state.get(&self.context_name, &self.context_shape(batch))?;
            context = Some(self.cut(before).during("cutting patches")?);
            let last = Tensor::cat(&[before, x], 3)
                .and_then(|all| all.narrow(3, n_bins, window)?.force_contiguous());
            state.set(&self.context_name, &last.during("advancing a window")?);
        }
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
