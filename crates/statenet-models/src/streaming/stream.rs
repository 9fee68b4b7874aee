//! Running a model over a long sound in chunks.

use candle_core::Tensor;

use crate::{
    build::response_model::ResponseModel,
    error::{During, Result, config_error},
    model::state::State,
};

/// A model and the state of one or more streams.
///
/// ```
/// use candle_core::{DType, Device, Tensor};
/// use statenet_core::{Axes, Seed, TimeBin};
/// use statenet_models::{Stream, zoo};
///
/// let axes = Axes::new(34, 2, TimeBin::from_millis(5.0)?);
/// let model = zoo::statenet_gru(&axes).build(Seed::new(0), &Device::Cpu)?;
/// let sound = Tensor::zeros((1, 1, 34, 20), DType::F32, &Device::Cpu)?;
///
/// let mut stream = Stream::new(&*model, 1)?;
/// let first = stream.push(&sound.narrow(3, 0, 13)?)?;
/// let rest = stream.push(&sound.narrow(3, 13, 7)?)?;
/// assert_eq!((first.dims(), rest.dims()), (&[1, 2, 13][..], &[1, 2, 7][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream<'a> {
    model: &'a dyn ResponseModel,
    state: State,
    batch: usize,
}

impl<'a> Stream<'a> {
    /// `batch` streams from silence.
    ///
    /// # Errors
    /// As [`ResponseModel::init_state`].
    pub fn new(model: &'a dyn ResponseModel, batch: usize) -> Result<Self> {
        Ok(Self { model, state: model.init_state(batch)?, batch })
    }

    /// The next frames, `(B, 1, F, T)` to `(B, N, T)`.
    ///
    /// # Errors
    /// As [`ResponseModel::chunk`].
    pub fn push(&mut self, cochleagram: &Tensor) -> Result<Tensor> {
        self.model.chunk(cochleagram, &mut self.state)
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

    /// Forgets everything: the next frame is the first.
    ///
    /// # Errors
    /// As [`ResponseModel::init_state`].
    pub fn reset(&mut self) -> Result<()> {
        self.state = self.model.init_state(self.batch)?;
        Ok(())
    }
}

/// A whole cochleagram `(B, 1, F, T)` in chunks of `size` bins (the last may be shorter), joined to `(B, N, T)`.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) if `size` is 0; else as [`ResponseModel::chunk`].
pub fn in_chunks(model: &dyn ResponseModel, cochleagram: &Tensor, size: usize) -> Result<Tensor> {
    if size == 0 {
        return Err(config_error("chunk size", size, "1 or more bins"));
    }
    let (batch, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let mut stream = Stream::new(model, batch)?;
    let rates = (0..n_bins)
        .step_by(size)
        .map(|start| {
            let chunk = cochleagram.narrow(3, start, size.min(n_bins - start)).during("cutting a chunk")?;
            stream.push(&chunk)
        })
        .collect::<Result<Vec<_>>>()?;
    Tensor::cat(&rates, 2).during("joining chunks")
}
