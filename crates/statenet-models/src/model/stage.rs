//! What prefilters, cores and readouts have in common inside a pipeline.

use candle_core::Tensor;
use statenet_kernels::{Layout, Step};

use crate::{
    error::{During, Result},
    model::{memory::Memory, mode::Mode, state::State},
};

/// What one stage hands to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Features {
    /// `(B, channels, n_bands, T)`: still on the frequency axis.
    Spectral { channels: usize, n_bands: usize },
    /// Hidden units, without a frequency axis.
    Units(Units),
}

/// Hidden units as they lie in memory. It is fixed when a model is built, so that no stage looks at strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Units {
    pub(crate) n: usize,
    /// Channels first is `(B, n, T)`; time first is `(B, T, n)`, as recurrences write their states.
    pub(crate) layout: Layout,
}

impl Units {
    pub(crate) fn channels_first(n: usize) -> Self {
        Self { n, layout: Layout::ChannelsFirst }
    }

    pub(crate) fn time_first(n: usize) -> Self {
        Self { n, layout: Layout::TimeFirst }
    }
}

/// One stage: the same equation for whole stimuli and for chunks of a stream, side by side.
///
/// The shapes and the layout of what it takes and gives are agreed upon as [`Features`] when it is built.
pub(crate) trait Stage: Send + Sync {
    /// Whole stimuli, from the initial state: unless overridden, a stream that is one chunk long.
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let _ = mode;
        let mut state = State::new();
        self.init_state(x.dim(0).during("reading a batch")?, &mut state)?;
        self.chunk(x, &mut state)
    }

    /// Puts this stage's tensors for `batch` streams into a state.
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()>;

    /// The next frames, advancing this stage's part of the state. What it returns is not detached.
    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor>;

    /// Advances the state over the next frames without computing what the stage returns, where that is less work.
    fn advance(&self, x: &Tensor, state: &mut State) -> Result<()> {
        self.chunk(x, state).map(drop)
    }

    /// How far back this stage looks.
    fn memory(&self) -> Memory;

    /// The receptive field of each unit, `(units, F, K)` in f64, channels summed, last column lag 0; `None` unless each is a
    /// weighted sum over bands and lags.
    fn unit_fields(&self) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// The stage as single-frame steps, whose states are those of [`init_state`](Self::init_state) in order; `None` if
    /// it has no such form.
    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        Ok(None)
    }
}

/// The stage that does nothing.
pub(crate) struct Through;

impl Stage for Through {
    fn forward(&self, x: &Tensor, _mode: Mode<'_>) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn init_state(&self, _batch: usize, _state: &mut State) -> Result<()> {
        Ok(())
    }

    fn chunk(&self, x: &Tensor, _state: &mut State) -> Result<Tensor> {
        Ok(x.clone())
    }

    fn memory(&self) -> Memory {
        Memory::Frames(1)
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        Ok(Some(Vec::new()))
    }
}
