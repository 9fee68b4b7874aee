//! A front end as the stage of a pipeline.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Dim, Sampling, expect_shape};

use super::{config::FrontEndConfig, gammatone::Gammatone, leaf::Leaf, sincnet::Sincnet};
use crate::{
    error::{During, Result, config_error},
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::store::Scope,
};

/// A front end on bins of samples, (B, 1, hop, T) to (B, 1, F, T).
pub(crate) struct FrontEnd(
    /// (B, 1, T hop) to (B, F, T).
    Box<dyn Stage>,
);

impl FrontEnd {
    /// The stage of a validated config.
    pub(crate) fn new(
        config: &FrontEndConfig,
        sampling: &Sampling,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        Ok(Self(match config {
            FrontEndConfig::Mel(mel) => Box::new(mel.stage(sampling, like, scope)?),
            FrontEndConfig::Spectrogram(spectrogram) => Box::new(spectrogram.stage(sampling, like, scope)?),
            FrontEndConfig::Gammatonegram(gammatonegram) => gammatonegram.stage(sampling, like, scope)?,
            FrontEndConfig::Ozgf(ozgf) => Box::new(ozgf.stage(sampling, like, scope)?),
            FrontEndConfig::Gammatone(gammatone) => {
                Box::new(Gammatone::new(gammatone, sampling, like, scope)?)
            }
            FrontEndConfig::Sincnet(sincnet) => Box::new(Sincnet::new(sincnet, sampling, like, scope)?),
            FrontEndConfig::Leaf(leaf) => Box::new(Leaf::new(leaf, sampling, like, scope)?),
        }))
    }
}

impl Stage for FrontEnd {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.0.forward(&in_samples(x)?, mode)?.unsqueeze(1).during("making a cochleagram")
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.0.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.0.chunk(&in_samples(x)?, state)?.unsqueeze(1).during("making a cochleagram")
    }

    fn memory(&self) -> Memory {
        self.0.memory()
    }
}

/// Bins of samples (B, 1, hop, T) one after the other, (B, 1, T hop).
pub(crate) fn in_samples(x: &Tensor) -> Result<Tensor> {
    let joined = || {
        let (batch, channels, hop, n_bins) = x.dims4()?;
        x.transpose(2, 3)?.contiguous()?.reshape((batch, channels, n_bins * hop))
    };
    joined().during("joining bins of samples")
}

/// The whole bins of sounds `(B, 1, S)` as a model that hears takes them, `(B, 1, hop, T)`; samples of a last bin that is not
/// complete are left out.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) for samples of another shape, [`Error::Config`](crate::Error::Config) if the sound is
/// shorter than a bin.
pub fn in_bins(samples: &Tensor, sampling: &Sampling) -> Result<Tensor> {
    expect_shape("samples", samples.dims(), &[Dim::Any("B"), Dim::Is(1), Dim::Any("S")])?;
    let hop = sampling.hop();
    let cut = || {
        let (batch, _, n) = samples.dims3()?;
        let n_bins = n / hop;
        let whole = samples.narrow(2, 0, n_bins * hop)?.contiguous()?;
        whole.reshape((batch, 1, n_bins, hop))?.transpose(2, 3)?.contiguous()
    };
    match samples.dim(2).during("reading samples")? {
        n if n < hop => Err(config_error("samples of a sound", n, format!("{hop} or more: a bin"))),
        _ => cut().during("cutting samples into bins"),
    }
}
