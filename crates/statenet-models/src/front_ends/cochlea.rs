//! A front end by itself: from sound to cochleagrams, whole or in chunks.

use candle_core::{DType, Device, Tensor};
use statenet_core::{Dim, Hertz, Sampling, Seed, expect_shape};

use super::{config::FrontEndConfig, stage::FrontEnd};
use crate::{
    error::Result,
    model::{mode::Mode, stage::Stage, state::State},
    params::store::ParamStore,
};

/// A front end with its first values: what makes stored cochleagrams of sounds.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{SampleRate, Sampling, TimeBin};
/// use statenet_models::{front_ends::{FrontEndConfig, MelConfig}, in_bins};
///
/// let sampling = Sampling::new(SampleRate::new(48_000.0)?, TimeBin::from_millis(5.0)?)?;
/// let cochlea = FrontEndConfig::Mel(MelConfig::default()).build(&sampling, DType::F32, &Device::Cpu)?;
/// let silence = Tensor::zeros((1, 1, 2400), DType::F32, &Device::Cpu)?;
/// assert_eq!(cochlea.cochleagram(&in_bins(&silence, &sampling)?)?.dims(), [1, 1, 34, 10]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Cochlea {
    front_end: FrontEnd,
    params: ParamStore,
    sampling: Sampling,
    band_centers: Vec<Hertz>,
}

impl FrontEndConfig {
    /// Builds the front end by itself.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for impossible values.
    pub fn build(&self, sampling: &Sampling, dtype: DType, device: &Device) -> Result<Cochlea> {
        self.validate(sampling, "front_end")?;
        // First values are spaced along frequency, not drawn: any seed gives the same.
        let mut params = ParamStore::new(Seed::new(0), dtype, device);
        let front_end = FrontEnd::new(self, sampling, (dtype, device), &mut params.root())?;
        Ok(Cochlea { front_end, params, sampling: *sampling, band_centers: self.band_centers(sampling)? })
    }
}

impl Cochlea {
    /// Whole sounds in bins `(B, 1, hop, T)` to cochleagrams `(B, 1, F, T)`. Causal: bin t is made of samples up to its end.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for bins of another number of samples.
    pub fn cochleagram(&self, bins: &Tensor) -> Result<Tensor> {
        self.check(bins)?;
        self.front_end.forward(bins, Mode::Eval)
    }

    /// The state before the first bin, for `batch` streams.
    ///
    /// # Errors
    /// [`Error::Tensor`](crate::Error::Tensor) if it cannot be allocated.
    pub fn init_state(&self, batch: usize) -> Result<State> {
        let mut state = State::new();
        self.front_end.init_state(batch, &mut state)?;
        Ok(state)
    }

    /// The next bins of a stream, advancing the state: chunks of any sizes give what [`cochleagram`](Self::cochleagram) gives.
    ///
    /// # Errors
    /// As [`cochleagram`](Self::cochleagram); [`Error::State`](crate::Error::State) for a state of another front end.
    pub fn chunk(&self, bins: &Tensor, state: &mut State) -> Result<Tensor> {
        self.check(bins)?;
        let mut next = state.clone();
        let bands = self.front_end.chunk(bins, &mut next)?;
        *state = next;
        Ok(bands.detach())
    }

    /// Its parameters, such as learned cut-offs.
    #[must_use]
    pub fn params(&self) -> &ParamStore {
        &self.params
    }

    /// Centre frequency of each band, lowest first.
    #[must_use]
    pub fn band_centers(&self) -> &[Hertz] {
        &self.band_centers
    }

    fn check(&self, bins: &Tensor) -> Result<()> {
        let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(self.sampling.hop()), Dim::Any("T")];
        Ok(expect_shape("sound", bins.dims(), &expected)?)
    }
}
