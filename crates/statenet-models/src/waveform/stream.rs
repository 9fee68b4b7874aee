//! Running a waveform model over a long sound in chunks of samples.

use candle_core::Tensor;

use super::model::WaveformModel;
use crate::{
    error::{During, Result, config_error},
    model::state::State,
};

/// A waveform model and the state of one or more streams.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{SampleRate, Seed, TimeBin};
/// use statenet_models::waveform::{self, WaveformAxes, WaveformStream};
///
/// let axes = WaveformAxes::new(SampleRate::new(16_000.0)?, TimeBin::from_millis(5.0)?, 2);
/// let model = waveform::by_name("sincnet-ln", &axes)?.build(Seed::new(0), &Device::Cpu)?;
/// let mut stream = WaveformStream::new(&model, 1)?;
/// let samples = |n| Tensor::zeros((1, 1, n), DType::F32, &Device::Cpu);
/// assert!(stream.push(&samples(79)?)?.is_none()); // a bin is 80 samples
/// let rates = stream.push(&samples(90)?)?.map(|rates| rates.dims().to_vec());
/// assert_eq!(rates, Some(vec![1, 2, 2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WaveformStream<'a> {
    model: &'a WaveformModel,
    state: State,
    batch: usize,
}

impl<'a> WaveformStream<'a> {
    /// `batch` streams from silence.
    ///
    /// # Errors
    /// As [`WaveformModel::init_state`].
    pub fn new(model: &'a WaveformModel, batch: usize) -> Result<Self> {
        Ok(Self { model, state: model.init_state(batch)?, batch })
    }

    /// The next samples, `(B, 1, S)` to the rates `(B, N, T)` of the bins that they complete, if any.
    ///
    /// # Errors
    /// As [`WaveformModel::chunk`].
    pub fn push(&mut self, samples: &Tensor) -> Result<Option<Tensor>> {
        self.model.chunk(samples, &mut self.state)
    }

    /// What the model remembers now.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Goes on from a state saved earlier.
    pub fn resume(&mut self, state: State) {
        self.state = state;
    }

    /// Forgets everything: the next sample is the first.
    ///
    /// # Errors
    /// As [`WaveformModel::init_state`].
    pub fn reset(&mut self) -> Result<()> {
        self.state = self.model.init_state(self.batch)?;
        Ok(())
    }
}

/// A whole waveform `(B, 1, S)` in chunks of `size` samples (the last may be shorter), joined to `(B, N, T)`.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) if `size` is 0 or the waveform is shorter than a bin; else as
/// [`WaveformModel::chunk`].
pub fn in_chunks(model: &WaveformModel, waveform: &Tensor, size: usize) -> Result<Tensor> {
    if size == 0 {
        return Err(config_error("chunk size", size, "1 or more samples"));
    }
    let (batch, _, n) = waveform.dims3().during("reading a waveform")?;
    if n < model.hop() {
        return Err(config_error("samples of a waveform", n, format!("{} or more: a bin", model.hop())));
    }
    let mut stream = WaveformStream::new(model, batch)?;
    let mut rates = Vec::new();
    for start in (0..n).step_by(size) {
        let chunk = waveform.narrow(2, start, size.min(n - start)).during("cutting a chunk")?;
        rates.extend(stream.push(&chunk)?);
    }
    Tensor::cat(&rates, 2).during("joining chunks")
}
