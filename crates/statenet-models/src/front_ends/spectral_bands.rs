//! Weighted sums over the frequencies of a short-time Fourier transform, compressed.
//!
//! ```text
//! m[f,t] = sum_k w[f,k] |X[k,t]|   or   sum_k w[f,k] |X[k,t]|^2          y = compress(m)
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the window.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_kernels::Layout;

use super::{
    compression::{Compression, Compressor},
    stft::Stft,
};
use crate::{
    error::{During, Result},
    model::{memory::Memory, stage::Stage, state::State},
    params::store::Scope,
};

/// What is averaged in a band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpectrogramValue {
    /// |X|.
    #[default]
    Magnitude,
    /// |X|^2.
    Power,
}

/// The stage of every front end whose bands are weights of a Fourier transform.
pub(super) struct SpectralBands {
    stft: Stft,
    /// (F, N/2 + 1)
    weights: Tensor,
    value: SpectrogramValue,
    compressor: Compressor,
    memory: Memory,
}

impl SpectralBands {
    /// `weights` (F, N/2 + 1), row by row, of the magnitudes or powers of a transform that ends with each bin of `hop` samples.
    pub(super) fn new(
        stft: Stft,
        weights: Vec<f64>,
        value: SpectrogramValue,
        compression: &Compression,
        hop: usize,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let n_bands = weights.len() / stft.n_frequencies();
        let weights = Tensor::from_vec(weights, (n_bands, stft.n_frequencies()), &Device::Cpu)
            .and_then(|t| t.to_dtype(like.0)?.to_device(like.1))
            .during("making the bands of a spectrogram")?;
        let compressor = Compressor::new(compression, n_bands, like, scope)?;
        let memory = Memory::of_samples(stft.reach(), hop).then(compressor.memory());
        Ok(Self { stft, weights, value, compressor, memory })
    }
}

impl Stage for SpectralBands {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.stft.init_state(batch, state)?;
        self.compressor.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let dtype = self.weights.dtype();
        let values = match self.value {
            SpectrogramValue::Magnitude => self.stft.magnitude(x, dtype, state)?,
            SpectrogramValue::Power => {
                self.stft.power(x, state)?.to_dtype(dtype).during("computing powers")?
            }
        };
        let layout = Layout::ChannelsFirst;
        let bands = statenet_kernels::affine(&values, layout, &self.weights, None, layout)?;
        self.compressor.chunk(&bands, state)
    }

    fn memory(&self) -> Memory {
        self.memory
    }
}
