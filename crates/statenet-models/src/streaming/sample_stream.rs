//! Running a model that hears over a long sound, in chunks of any number of samples.

use candle_core::Tensor;
use statenet_core::{Dim, Input, expect_shape};

use super::{sample_buffer::SampleBuffer, stream::Stream};
use crate::{
    build::response_model::ResponseModel,
    error::{Result, config_error},
    model::state::State,
};

/// A model that hears and the state of one or more streams; chunks may end inside a bin.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{SampleRate, Sampling, Seed, TimeBin};
/// use statenet_models::{SampleStream, zoo};
///
/// let sampling = Sampling::new(SampleRate::new(16_000.0)?, TimeBin::from_millis(5.0)?)?;
/// let model = zoo::by_name("sincnet-ln", &sampling.axes(2))?.build(Seed::new(0), &Device::Cpu)?;
/// let mut stream = SampleStream::new(&*model, 1)?;
/// let samples = |n| Tensor::zeros((1, 1, n), DType::F32, &Device::Cpu);
/// assert!(stream.push(&samples(79)?)?.is_none()); // a bin is 80 samples
/// let rates = stream.push(&samples(90)?)?.map(|rates| rates.dims().to_vec());
/// assert_eq!(rates, Some(vec![1, 2, 2]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SampleStream<'a> {
    model: &'a dyn ResponseModel,
    stream: Stream<'a>,
    buffer: SampleBuffer,
    batch: usize,
}

impl<'a> SampleStream<'a> {
    /// `batch` streams from silence.
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) for a model that takes cochleagrams; else as [`Stream::new`].
    pub fn new(model: &'a dyn ResponseModel, batch: usize) -> Result<Self> {
        let config = model.config();
        if config.input() != Input::Sound {
            return Err(config_error("model", config.slug(), "a model that takes sound, such as mel-ln"));
        }
        let buffer = SampleBuffer::new(model.n_bands());
        Ok(Self { model, stream: Stream::new(model, batch)?, buffer, batch })
    }

    /// The next samples, `(B, 1, S)` to the rates `(B, N, T)` of the bins that they complete; `None` if they complete none.
    ///
    /// Chunks of any sizes give what [`ResponseModel::forward`] gives on the whole sound, to 1e-5 in f32.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape) for samples of another shape; else as [`ResponseModel::chunk`].
    pub fn push(&mut self, samples: &Tensor) -> Result<Option<Tensor>> {
        expect_shape("samples", samples.dims(), &[Dim::Is(self.batch), Dim::Is(1), Dim::Any("S")])?;
        let bins = self.buffer.whole_bins(samples)?;
        bins.map(|bins| self.stream.push(&bins)).transpose()
    }

    /// A copy of what the model remembers now, and of the samples of a bin that is not complete.
    ///
    /// # Errors
    /// As [`Stream::state`].
    pub fn state(&self) -> Result<State> {
        let mut state = self.stream.state()?;
        self.buffer.save(self.batch, (self.model.dtype(), self.model.device()), &mut state)?;
        Ok(state)
    }

    /// Goes on from a state saved earlier.
    ///
    /// # Errors
    /// [`Error::State`](crate::Error::State) for a state without samples, or with more than a bin has.
    pub fn resume(&mut self, mut state: State) -> Result<()> {
        self.buffer.load(self.batch, &mut state)?;
        self.stream.resume(state);
        Ok(())
    }

    /// Forgets everything: the next sample is the first.
    ///
    /// # Errors
    /// As [`Stream::reset`].
    pub fn reset(&mut self) -> Result<()> {
        self.buffer = SampleBuffer::new(self.model.n_bands());
        self.stream.reset()
    }
}
