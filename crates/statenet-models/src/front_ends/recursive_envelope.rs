//! The envelope of recursive filters in a window that ends with the bin, compressed.
//!
//! ```text
//! m[f,t] = mean over the window of relu(u[f,s])   or   sqrt(mean over the window of u[f,s]^2)          y = compress(m)
//! ```
//! In (B, 1, T hop), out (B, F, T). Memory: the impulse response of the lowest band, and the window.

use candle_core::{DType, Device, Tensor};

use super::{
    cascade::Cascade,
    compression::{Compression, Compressor},
    recursive_bank::RecursiveBank,
    stft::{root, wide},
};
use crate::{
    error::{During, Result},
    layers::pool::Mean,
    model::{memory::Memory, stage::Stage, state::State},
    params::store::Scope,
};

/// What of a filter's output is averaged.
#[derive(Clone, Copy)]
pub(super) enum Envelope {
    /// What is above 0.
    HalfWave,
    /// Its square, of whose mean the root is taken.
    RootMeanSquare,
}

/// The stage of every front end whose bands are recursive filters. Filters and averages are computed in f64.
pub(super) struct RecursiveEnvelope {
    filters: RecursiveBank,
    mean: Mean,
    envelope: Envelope,
    compressor: Compressor,
    memory: Memory,
    dtype: DType,
}

impl RecursiveEnvelope {
    /// `filters`, which forget after so many samples, averaged over `window` samples, in bins of `hop` samples.
    pub(super) fn new(
        (filters, n_samples): (Vec<Cascade>, usize),
        (window, hop): (usize, usize),
        envelope: Envelope,
        compression: &Compression,
        (dtype, device): (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let (n_bands, like) = (filters.len(), (wide(dtype, device), device));
        let filters = RecursiveBank::new(&filters, n_samples, hop, like, scope)?;
        let mean = Mean::new(n_bands, window, hop, like, scope.name("parts"))?;
        let compressor = Compressor::new(compression, n_bands, (dtype, device), scope)?;
        let memory = Memory::of_samples(filters.reach() + window - 1, hop).then(compressor.memory());
        Ok(Self { filters, mean, envelope, compressor, memory, dtype })
    }
}

impl Stage for RecursiveEnvelope {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.filters.init_state(batch, state)?;
        self.mean.init_state(batch, state)?;
        self.compressor.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let x = x.to_dtype(wide(self.dtype, x.device())).during("widening samples")?;
        let filtered = self.filters.chunk(&x, state)?;
        let rectified = match self.envelope {
            Envelope::HalfWave => filtered.relu(),
            Envelope::RootMeanSquare => filtered.sqr(),
        };
        let mean = self.mean.chunk(&rectified.during("rectifying")?, state)?;
        let bands = match self.envelope {
            Envelope::HalfWave => Ok(mean),
            Envelope::RootMeanSquare => root(&mean),
        };
        let bands = bands.and_then(|bands| bands.to_dtype(self.dtype)).during("averaging samples")?;
        self.compressor.chunk(&bands, state)
    }

    fn memory(&self) -> Memory {
        self.memory
    }
}
